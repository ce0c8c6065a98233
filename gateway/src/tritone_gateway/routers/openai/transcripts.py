"""Transcriptions in the forms of OpenAI's API."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence

import tritone_client
from tritone_client import captions

from tritone_gateway.schemas.openai import (
    DurationUsage,
    Granularity,
    LogProb,
    Segment,
    Transcription,
    VerboseTranscription,
    Word,
)

_LEAST_CONFIDENCE = 1e-10  # whose logarithm is taken for that of 0
_MARKS = " .,?!:;\u2026\"'\u201c\u201d\u2018\u2019()[]"


def text_of(transcription: tritone_client.Transcription) -> str:
    """Return the text, with figures if those were asked for."""
    written = transcription.written_text
    return transcription.text if written is None else written


def plain(transcription: tritone_client.Transcription, logprobs: bool) -> Transcription:
    """Return the response `json`."""
    return Transcription(
        text=text_of(transcription),
        logprobs=word_logprobs(transcription) if logprobs else None,
        usage=usage(transcription),
    )


def verbose(
    transcription: tritone_client.Transcription, granularities: Sequence[Granularity], language: str
) -> VerboseTranscription:
    """Return the response `verbose_json`."""
    wanted = granularities or ("segment",)
    return VerboseTranscription(
        language=language,
        duration=_duration_s(transcription),
        text=text_of(transcription),
        segments=list(_segments(transcription)) if "segment" in wanted else None,
        words=list(_words(transcription)) if "word" in wanted else None,
        usage=usage(transcription),
    )


def usage(transcription: tritone_client.Transcription) -> DurationUsage:
    """Return how much was recognised."""
    return DurationUsage(seconds=_duration_s(transcription))


def word_logprobs(transcription: tritone_client.Transcription, first: bool = True) -> list[LogProb]:
    """Return the logarithm of each word's confidence.

    Args:
        transcription: whose words are the tokens.
        first: whether the text begins with it; otherwise a space precedes the first word too.
    """
    shown = captions.timed_words(transcription, written=transcription.written_text is not None)
    tokens = [word.text if first and not number else f" {word.text}" for number, word in enumerate(shown)]
    return [
        LogProb(token=token, bytes=list(token.encode()), logprob=_logprob(confidence))
        for token, confidence in zip(tokens, _confidences(transcription), strict=True)
    ]


def _segments(transcription: tritone_client.Transcription) -> Iterator[Segment]:
    """Yield the sentences."""
    shown = captions.timed_words(transcription, written=transcription.written_text is not None)
    logprobs = [_logprob(confidence) for confidence in _confidences(transcription)]
    start = 0
    for number, sentence in enumerate(captions.sentences(shown)):
        text = " ".join(word.text for word in sentence)
        content = text.encode()
        yield Segment(
            id=number,
            start=_seconds(sentence[0].start_s),
            end=_seconds(sentence[-1].end_s),
            text=text,
            avg_logprob=math.fsum(logprobs[start : start + len(sentence)]) / len(sentence),
            compression_ratio=len(content) / len(zlib.compress(content)),
        )
        start += len(sentence)


def _words(transcription: tritone_client.Transcription) -> Iterator[Word]:
    for word in captions.timed_words(transcription, written=transcription.written_text is not None):
        yield Word(
            word=word.text.strip(_MARKS) or word.text, start=_seconds(word.start_s), end=_seconds(word.end_s)
        )


def _confidences(transcription: tritone_client.Transcription) -> list[float]:
    """Return those of the words that `captions.timed_words` shows."""
    shown = transcription.written_words or transcription.words
    return [word.confidence for word in shown]


def _logprob(confidence: float) -> float:
    return math.log(min(max(confidence, _LEAST_CONFIDENCE), 1.0))


def _seconds(time_s: float) -> float:
    """Return a time as it is written: that of a word is exact to a frame of some 20 ms."""
    return round(time_s, 3)


def _duration_s(transcription: tritone_client.Transcription) -> float:
    return transcription.duration_s or 0.0
