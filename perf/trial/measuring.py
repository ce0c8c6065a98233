"""What a served checkpoint does with the demo's recordings and their texts."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tritone_client import Client, Speech, Transcription

from export.word_errors import WordErrors
from perf.trial.steps import Trial

MANIFEST = Path(__file__).resolve().parents[2] / "demo/recordings/manifest.jsonl"
SPOKEN_TEXTS = 5  # that a voice is tried with
WORDS_PER_S = (1.0, 6.0)  # of speech that is neither stretched nor cut off; people speak 2 to 4
LEVEL = (0.005, 0.5)  # root mean square of speech that is neither silent nor noise at full scale
TOO_LOUD = 1.5  # peak; vocoders overshoot full scale slightly
_NOT_SPOKEN = re.compile(r"[^a-z0-9' ]")


@dataclass(frozen=True)
class Recorded:
    """A recording and what is said in it."""

    file: Path
    text: str


def recordings() -> list[Recorded]:
    """The demo's recordings."""
    rows = map(json.loads, MANIFEST.read_text(encoding="utf-8").splitlines())
    return [Recorded(MANIFEST.parent / row["audio_filepath"], row["text"]) for row in rows]


def measure_recogniser(trial: Trial, tried: Client, bundled: Client, worst_rate: float) -> None:
    """Recognise the recordings with both recognisers, greedily: a new set has no language model of its own.

    Args:
        trial: gets the steps.
        tried: calls the checkpoint.
        bundled: calls the recogniser to compare with.
        worst_rate: word error rate above which the checkpoint fails.
    """
    spoken = recordings()
    tried.transcribe(spoken[0].file)  # warm-up
    started_s = time.perf_counter()
    results = [tried.transcribe(one.file, decoder="greedy") for one in spoken]
    seconds = time.perf_counter() - started_s
    errors, others = WordErrors(), WordErrors()
    for one, result in zip(spoken, results, strict=True):
        errors.add(comparable(one.text), comparable(result.transcript))
        others.add(
            comparable(one.text), comparable(bundled.transcribe(one.file, decoder="greedy").transcript)
        )
    trial.add(
        "words",
        errors.rate <= worst_rate,
        f"word error rate {errors.rate:.1%} on {errors.utterances} recordings of {errors.words} words, "
        f"allowed {worst_rate:.0%}; the bundled recogniser has {others.rate:.1%}, both greedily",
    )
    disordered = sum(not in_order(result) for result in results)
    trial.add("times", disordered == 0, f"recordings whose word times are out of order: {disordered}")
    audio_s = sum(result.duration_s or 0.0 for result in results)
    trial.add("speed", None, f"{audio_s:.1f} s of audio in {seconds:.1f} s, one recording after another")


def in_order(result: Transcription) -> bool:
    """Whether words have times that ascend and stay within the recording."""
    times = [time_s for word in result.words for time_s in (word.start_s, word.end_s)]
    starts = [word.start_s for word in result.words]
    inside = all(0 <= time_s <= (result.duration_s or float("inf")) + 0.1 for time_s in times)
    return inside and starts == sorted(starts) and all(word.end_s > word.start_s for word in result.words)


def measure_voice(trial: Trial, voice: Client, recogniser: Client) -> None:
    """Synthesise texts, check duration and level, and recognise the speech.

    Args:
        trial: gets the steps.
        voice: calls the checkpoints.
        recogniser: calls a recogniser; its errors are part of the figure.
    """
    texts = [one.text for one in sorted(recordings(), key=lambda one: -len(one.text))[:SPOKEN_TEXTS]]
    voice.synthesize("Hello.")  # warm-up
    started_s = time.perf_counter()
    spoken = [voice.synthesize(text) for text in texts]
    seconds = time.perf_counter() - started_s
    rates = [words / speech.duration_s for words, speech in zip(map(count, texts), spoken, strict=True)]
    low, high = WORDS_PER_S
    trial.add(
        "duration",
        all(low <= rate <= high for rate in rates),
        f"{min(rates):.1f} to {max(rates):.1f} words per second in {len(texts)} texts, "
        f"expected {low:.0f} to {high:.0f}",
    )
    levels, peaks = [level(speech) for speech in spoken], [peak(speech) for speech in spoken]
    trial.add(
        "level",
        all(LEVEL[0] <= value <= LEVEL[1] for value in levels) and max(peaks) <= TOO_LOUD,
        f"root mean square {min(levels):.3f} to {max(levels):.3f}, expected {LEVEL[0]} to {LEVEL[1]}; "
        f"peak {max(peaks):.2f}",
    )
    errors = WordErrors()
    for text, content in zip(texts, (voice.synthesize_encoded(text, "wav") for text in texts), strict=True):
        errors.add(comparable(text), comparable(recogniser.transcribe(content).transcript))
    trial.add(
        "words", None, f"word error rate {errors.rate:.1%} of the recogniser on {errors.words} words spoken"
    )
    total_s = sum(speech.duration_s for speech in spoken)
    trial.add("speed", None, f"{total_s:.1f} s of speech in {seconds:.1f} s, one text after another")


def measure_punctuation(trial: Trial, client: Client) -> None:
    """Punctuate texts without marks and capitals, and compare with how they are written."""
    kept = right = words = 0
    texts = [one.text for one in recordings()]
    for text in texts:
        written = client.punctuate(comparable(text))
        kept += comparable(written) == comparable(text)
        pairs = list(zip(text.replace("-", " ").split(), written.split(), strict=False))
        right += sum(expected == got for expected, got in pairs)
        words += count(text)
    trial.add("kept", kept == len(texts), f"texts whose words stay as they are: {kept} of {len(texts)}")
    trial.add(
        "marks", None, f"words written with the capitals and marks of the reference: {right / words:.1%}"
    )


def comparable(text: str) -> str:
    """A text for comparing words: no capitals, no marks except apostrophes."""
    return " ".join(_NOT_SPOKEN.sub("", text.lower().replace("-", " ")).split())


def count(text: str) -> int:
    """The number of words."""
    return len(comparable(text).split())


def level(speech: Speech) -> float:
    """Root mean square, full scale is 1; 0 without samples, infinite if one is not finite."""
    samples = speech.samples
    if not np.isfinite(samples).all():
        return float("inf")
    return float(np.sqrt(np.mean(np.square(samples)))) if samples.size else 0.0


def peak(speech: Speech) -> float:
    """Largest magnitude, full scale is 1."""
    return float(np.abs(speech.samples).max(initial=0.0))


def roles_tried(roles: Sequence[str]) -> str:
    """What families are together: recogniser, punctuation, voice, or nothing that can be tried."""
    if sorted(roles) == ["spectrograms", "vocoder"]:
        return "voice"
    return roles[0] if len(roles) == 1 and roles[0] in ("recogniser", "punctuation") else ""
