"""Transcriptions in the forms of OpenAI's API."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator, Sequence

from tritone_client import Transcription, captions

from tritone_gateway.backend.stretches import ShownWord, shown_words
from tritone_gateway.schemas.openai import (
    DurationUsage,
    Granularity,
    LogProb,
    PlainTranscription,
    Segment,
    VerboseTranscription,
    Word,
)

_LEAST_CONFIDENCE = 1e-10  # whose logarithm is taken for that of 0
_MARKS = " .,?!:;\u2026\"'\u201c\u201d\u2018\u2019()[]"


def text_of(transcription: Transcription) -> str:
    """Return the text, with figures if those were asked for."""
    written = transcription.written_text
    return transcription.text if written is None else written


def plain(transcription: Transcription, logprobs: bool) -> PlainTranscription:
    """Return the response `json`."""
    return PlainTranscription(
        text=text_of(transcription),
        logprobs=word_logprobs(shown_words(transcription)) if logprobs else None,
        usage=DurationUsage(seconds=_duration_s(transcription)),
    )


def verbose(
    transcription: Transcription, granularities: Sequence[Granularity], language: str
) -> VerboseTranscription:
    """Return the response `verbose_json`."""
    wanted = granularities or ("segment",)
    words = shown_words(transcription)
    return VerboseTranscription(
        language=language,
        duration=_duration_s(transcription),
        text=text_of(transcription),
        segments=list(_segments(words)) if "segment" in wanted else None,
        words=list(map(_word, words)) if "word" in wanted else None,
        usage=DurationUsage(seconds=_duration_s(transcription)),
    )


def word_logprobs(words: Iterable[ShownWord], first: bool = True) -> list[LogProb]:
    """Return the logarithm of each word's confidence.

    Args:
        words: that are the tokens.
        first: whether the text begins with them; otherwise a space precedes the first one too.
    """
    tokens = (
        (word, word.text if first and not number else f" {word.text}") for number, word in enumerate(words)
    )
    return [
        LogProb(token=token, bytes=list(token.encode()), logprob=_logprob(word)) for word, token in tokens
    ]


def _segments(words: Iterable[ShownWord]) -> Iterator[Segment]:
    for number, sentence in enumerate(_sentences(words)):
        text = " ".join(word.text for word in sentence)
        content = text.encode()
        yield Segment(
            id=number,
            start=_seconds(sentence[0].start_s),
            end=_seconds(sentence[-1].end_s),
            text=text,
            avg_logprob=math.fsum(map(_logprob, sentence)) / len(sentence),
            compression_ratio=len(content) / len(zlib.compress(content)),
        )


def _sentences(words: Iterable[ShownWord]) -> Iterator[list[ShownWord]]:
    sentence: list[ShownWord] = []
    for word in words:
        sentence.append(word)
        if captions.ends_sentence(word.text):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _word(word: ShownWord) -> Word:
    return Word(
        word=word.text.strip(_MARKS) or word.text, start=_seconds(word.start_s), end=_seconds(word.end_s)
    )


def _logprob(word: ShownWord) -> float:
    return math.log(min(max(word.confidence, _LEAST_CONFIDENCE), 1.0))


def _seconds(time_s: float) -> float:
    """Return a time as it is written; that of a word is exact to a frame of some 20 ms."""
    return round(time_s, 3)


def _duration_s(transcription: Transcription) -> float:
    return transcription.duration_s or 0.0
