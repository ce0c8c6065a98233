"""The requests of a soak, and the check of their answers."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np
import soundfile
from tritone_client import Final, InvalidRequestError, Speech, Transcription

from perf.instruments.clips import Clip, equal_clips, mixed_clips, sample_recordings, speech
from perf.instruments.texts import text_of, texts
from tritone.contract import SAMPLE_RATE_HZ

CONFIDENCE_TOLERANCE = 1e-3  # of words: a batch is computed in another order than a single request
Kind = Literal["answer", "refusal", "cancel"]


@dataclass(frozen=True)
class Case:
    """One request."""

    name: str  # of a group that is counted together
    kind: Kind  # the expected outcome
    method: str  # of the sync and asyncio clients
    arguments: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...] = ()

    @property
    def streams(self) -> bool:
        """Whether it is a stream, for which there is gRPC alone."""
        return self.method.startswith("stream_")


def make_cases(seed: int = 0) -> list[Case]:
    """Return the requests that a soak chooses from; common ones are repeated."""
    answers = [*_recordings(seed), *_texts(), *_voices(), *_streams(seed) * 2]
    return [*answers, *answers, *answers, *_refusals(), *_cancellations() * 10]


def _recordings(seed: int) -> list[Case]:
    clips = list(islice(mixed_clips(seed), 16))
    return [
        *(Case("recording, samples of 0.5 to 40 s", "answer", "transcribe", (clip,)) for clip in clips),
        *(
            Case("recording, file", "answer", "transcribe", (path.read_bytes(),))
            for path in sample_recordings()
        ),
        Case("recording, 3 minutes", "answer", "transcribe", (np.resize(speech(), 180 * SAMPLE_RATE_HZ),)),
    ]


def _texts() -> list[Case]:
    spoken = [text.lower().replace(".", "").replace(",", "") for text in texts(8)]
    lengths = [*spoken, " ".join(spoken), " ".join(spoken * 8)]
    return [Case("transcript to punctuate", "answer", "punctuate", (text,)) for text in lengths]


def _voices() -> list[Case]:
    samples = [
        Case("text to speak, samples", "answer", "synthesize", (text,), (("seed", seed),))
        for seed, text in enumerate([*texts(6), text_of(8)])
    ]
    files = [
        Case("text to speak, file", "answer", "synthesize_encoded", (text, format), (("seed", seed),))
        for seed, (text, format) in enumerate(zip(texts(3), ("wav", "flac", "pcm"), strict=True))
    ]
    return [*samples, *files]


def _streams(seed: int) -> list[Case]:
    clips = list(islice(mixed_clips(seed + 1), 6))
    lengths = (160, 1600, 5120, 20_000)  # samples of a chunk
    live = [
        Case(
            "live recording",
            "answer",
            "stream_transcription",
            (_chunks(clip, lengths[index % len(lengths)]),),
        )
        for index, clip in enumerate(clips)
    ]
    spoken = [
        Case("text to speak, stream", "answer", "stream_synthesis", (text,), (("seed", seed),))
        for seed, text in enumerate([*texts(3), text_of(4)])
    ]
    return [*live, *spoken]


def _chunks(clip: Clip, samples: int) -> list[Clip]:
    return [clip[start : start + samples] for start in range(0, clip.size, samples)]


def _refusals() -> list[Case]:
    with io.BytesIO() as short:
        soundfile.write(short, np.zeros(8), SAMPLE_RATE_HZ, format="WAV")
        half_a_file = short.getvalue()
    (clip,) = equal_clips(1, 1)
    return [
        Case("no audio", "refusal", "transcribe", (b"only text",)),
        Case("a file of eight samples", "refusal", "transcribe", (half_a_file,)),
        Case("ten samples", "refusal", "transcribe", (np.zeros(10, np.float32),)),
        Case("a transcript without words", "refusal", "punctuate", (" ",)),
        Case("a control character", "refusal", "punctuate", ("how are\x07 you",)),
        Case("no words to speak", "refusal", "synthesize", ("...",)),
        Case(
            "live, a phrase of figures", "refusal", "stream_transcription", ([clip],), (("boost", {"x1": 5}),)
        ),
        Case("letters of another script", "refusal", "synthesize", ("\u041f\u0440\u0438\u0432\u0435\u0442",)),
    ]


def _cancellations() -> list[Case]:
    (clip,) = equal_clips(1, 40)
    return [
        Case("recording, cancelled", "cancel", "transcribe", (clip,)),
        Case("text to speak, cancelled", "cancel", "synthesize", (text_of(4),)),
        Case("live recording, cancelled", "cancel", "stream_transcription", (_chunks(clip, 1600),)),
        Case("text to speak, stream cancelled", "cancel", "stream_synthesis", (text_of(4),)),
    ]


def problem_of(case: Case, outcome: object, reference: object) -> str | None:
    """Return what is wrong with the outcome of a request that is not cancelled, None if it is right.

    Args:
        case: the request.
        outcome: the answer, or the exception raised instead.
        reference: outcome of the same request on an idle server.
    """
    if case.kind == "refusal":
        if isinstance(outcome, InvalidRequestError) and str(outcome) == str(reference):
            return None
        return f"expected {reference!r}, got {_named(outcome)}"
    if isinstance(outcome, Exception):
        return f"expected an answer, got {_named(outcome)}"
    return None if _equal(outcome, reference) else "the answer differs from that of the same request alone"


def _equal(outcome: object, reference: object) -> bool:
    match outcome, reference:
        case Transcription(), Transcription():
            return _equal_transcriptions(outcome, reference)
        case Speech(), Speech():
            return outcome.sample_rate_hz == reference.sample_rate_hz and np.array_equal(
                outcome.samples, reference.samples
            )
        case tuple(), tuple():  # the finals of a live recording
            return len(outcome) == len(reference) and all(map(_equal_finals, outcome, reference))
    return outcome == reference


def _equal_finals(outcome: Final, reference: Final) -> bool:
    times = (outcome.start_s, outcome.end_s), (reference.start_s, reference.end_s)
    return times[0] == times[1] and _equal_transcriptions(outcome.transcription, reference.transcription)


def _equal_transcriptions(outcome: Transcription, reference: Transcription) -> bool:
    if (outcome.transcript, outcome.text) != (reference.transcript, reference.text):
        return False
    return len(outcome.words) == len(reference.words) and all(
        (ours.word, ours.start_s, ours.end_s) == (theirs.word, theirs.start_s, theirs.end_s)
        and abs(ours.confidence - theirs.confidence) <= CONFIDENCE_TOLERANCE
        for ours, theirs in zip(outcome.words, reference.words, strict=True)
    )


def collected(items: Sequence[Any]) -> object:
    """Return what is compared of a stream: the finals of a recording, the joined speech of a text."""
    if items and isinstance(items[0], Speech):
        return Speech(np.concatenate([item.samples for item in items]), items[0].sample_rate_hz)
    return tuple(item for item in items if isinstance(item, Final))  # interims depend on the timing


def _named(outcome: object) -> str:
    return f"{type(outcome).__name__}: {outcome}"


def references(cases: Sequence[Case], ask: Callable[[Case], object]) -> dict[int, object]:
    """Send each different request alone; return the outcomes by identity of the case."""
    return {
        id(case): ask(case) for case in {id(case): case for case in cases if case.kind != "cancel"}.values()
    }
