"""Make the demo recordings: held-out passages and digit strings in the synthetic voices of training.

    python -m training.recordings --text sentences.tsv training/data/books.tsv

The choice is random but fixed, and looks at no recogniser. Several file formats, rates and channel counts
occur, as in anyone's folder of recordings.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import soundfile
import soxr

from training import digits
from training.corpus import Sentence, expand, read_sentences, speakable
from training.passages import label
from training.voices import SAMPLE_RATE_HZ, VOICES, Samples, speak

SEED = 2
PASSAGE_CHARACTERS = (110, 240)  # 8 to 15 seconds of speech


@dataclass(frozen=True)
class Plan:
    """One recording to create."""

    name: str  # file name
    corpus: int | None  # text file of the passage; None for a string of digits
    voice: str  # a key of VOICES
    rate_hz: int = SAMPLE_RATE_HZ  # of the file
    channels: int = 1  # of the file, all alike


PLANS = (
    Plan("prison_slt.flac", 0, "flite_slt"),
    Plan("report_rms.flac", 0, "flite_rms"),
    Plan("report_us.flac", 0, "espeak_us"),
    Plan("novel_awb.flac", 1, "flite_awb"),
    Plan("novel_scotland.flac", 1, "espeak_scotland"),
    Plan("novel_slt.flac", 1, "flite_slt"),
    Plan("digits_kal.flac", None, "flite_kal"),
    Plan("digits_us_f2.flac", None, "espeak_us_f2"),
    Plan("report_gb_stereo_22050hz.ogg", 0, "espeak_gb", 22050, 2),
    Plan("novel_gb_f4_44100hz.mp3", 1, "espeak_gb_f4", 44100),
    Plan("digits_rms_8000hz.wav", None, "flite_rms", 8000),
)


def passages(sentences: Sequence[Sentence]) -> Iterator[str]:
    """Yield held-out passages of at least two whole sentences, as written."""
    for _, group in groupby(sentences, key=lambda s: s.book):
        rows = list(group)
        starts = [i + 1 for i, (a, b) in enumerate(pairwise(rows)) if _ends(a.text) and b.split == "test"]
        for start in starts:
            text = ""
            for row in rows[start:]:
                text = f"{text} {row.text}".strip()
                if _ends(row.text) or len(text) > PASSAGE_CHARACTERS[1]:
                    break
            is_long_enough = PASSAGE_CHARACTERS[0] <= len(text) <= PASSAGE_CHARACTERS[1]
            sentence_count = sum(word.ends_sentence for word in label(text))
            if is_long_enough and speakable(text) and sentence_count >= 2 and text.count('"') % 2 == 0:
                yield text


def _ends(text: str) -> bool:
    return text.rstrip("\"')").endswith((".", "?", "!"))


def write(path: Path, audio: Samples, plan: Plan) -> float:
    """Write (N,) int16 audio at 16 kHz in the planned form; returns its length in seconds."""
    shaped = soxr.resample(audio, SAMPLE_RATE_HZ, plan.rate_hz) if plan.rate_hz != SAMPLE_RATE_HZ else audio
    soundfile.write(path, np.stack([shaped] * plan.channels, axis=1), plan.rate_hz)
    return len(audio) / SAMPLE_RATE_HZ


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Make the demo recordings.")
    parser.add_argument("--text", type=Path, nargs=2, required=True, help="the two corpus files of training")
    parser.add_argument("--output", type=Path, default=Path("demo/recordings"))
    arguments = parser.parse_args()

    randomness = random.Random(SEED)
    choices = [list(passages(read_sentences(path))) for path in arguments.text]
    arguments.output.mkdir(parents=True, exist_ok=True)
    rows = []
    for plan in PLANS:
        if plan.corpus is None:
            text = next(digits.spoken_numbers(1, randomness)).capitalize()
        else:
            text = choices[plan.corpus].pop(randomness.randrange(len(choices[plan.corpus])))
        audio = speak(VOICES[plan.voice], expand(text), randomness)
        duration_s = write(arguments.output / plan.name, audio, plan)
        rows.append({"audio_filepath": plan.name, "duration": duration_s, "text": text, "voice": plan.voice})
    manifest = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (arguments.output / "manifest.jsonl").write_text(manifest, encoding="utf-8")


if __name__ == "__main__":
    main()
