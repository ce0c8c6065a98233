"""Recognition of a long recording stretch by stretch, so that its text comes while it is read.

A stretch is recognised like a recording of its own. Its words are settled up to the best place to cut in its
second half: the end of a sentence, or a pause. What comes after it is recognised again, with what follows.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from tritone_client import Transcription, captions
from tritone_client.calls import SAMPLE_RATE_HZ

from tritone_gateway.backend import RecognitionChoices, SpeechBackend

FIRST_S, LONGEST_S = 10.0, 40.0  # stretches grow: the first text comes soon, and little is recognised twice
SHORTEST_SAMPLES = 320  # that can be recognised
_FRAME_SAMPLES = 320  # of the recogniser, 20 ms: cut between frames, words are recognised as in the whole
_UNCERTAIN_S = 2.0  # at the end of a stretch, where a word may have begun that is not recognised yet
_SENTENCE_END_S = 1.0  # of pause, that the end of a sentence is worth
_LATE_S = 0.5  # the same for the end of the stretch, as less is recognised again


@dataclass(frozen=True)
class ShownWord:
    """A word as a text shows it."""

    text: str  #: with punctuation
    start_s: float  #: from the start of the recording
    end_s: float  #: from the start of the recording
    confidence: float  #: 0 to 1


@dataclass(frozen=True)
class Stretch:
    """A part of a recording, whose words are settled."""

    words: tuple[ShownWord, ...]  #: may be none
    end_s: float  #: from the start of the recording


def shown_words(transcription: Transcription) -> list[ShownWord]:
    """Return the words of a transcription's text, with figures if those were asked for."""
    shown = captions.timed_words(transcription, written=transcription.written_text is not None)
    sources = transcription.written_words or transcription.words
    return [
        ShownWord(word.text, word.start_s, word.end_s, source.confidence)
        for word, source in zip(shown, sources, strict=True)
    ]


async def transcribe_in_stretches(
    backend: SpeechBackend, pieces: AsyncIterable[NDArray[np.float32]], choices: RecognitionChoices
) -> AsyncGenerator[Stretch, None]:
    """Recognise a recording, and yield its stretches, the last of which ends with it.

    Args:
        backend: the speech service.
        pieces: of a recording, 16 kHz mono.
        choices: how to recognise.
    """
    waiting, offset, length = np.zeros(0, np.float32), 0, int(FIRST_S * SAMPLE_RATE_HZ)
    async for piece in pieces:
        waiting = np.concatenate((waiting, piece))
        while waiting.size >= length:
            words = shown_words(await backend.transcribe(waiting[:length], choices))
            count, cut_s = _settled(words, length / SAMPLE_RATE_HZ)
            cut = int(cut_s * SAMPLE_RATE_HZ) // _FRAME_SAMPLES * _FRAME_SAMPLES
            yield _stretch(words[:count], offset, cut)
            waiting, offset = waiting[cut:], offset + cut
            length = min(2 * length, int(LONGEST_S * SAMPLE_RATE_HZ))
    words = []
    if waiting.size >= SHORTEST_SAMPLES or not offset:
        words = shown_words(await backend.transcribe(waiting, choices))
    yield _stretch(words, offset, waiting.size)


def _settled(words: Sequence[ShownWord], length_s: float) -> tuple[int, float]:
    """Return how many words of a stretch are settled, and where the next stretch begins."""
    if not words:
        return 0, length_s - _UNCERTAIN_S
    places: list[tuple[float, int, float]] = []  # how good one is, the words before it, where it is
    for count, (word, following) in enumerate(pairwise(words), start=1):
        cut_s = (word.end_s + following.start_s) / 2
        if cut_s >= length_s / 2:
            sentence_s = _SENTENCE_END_S if captions.ends_sentence(word.text) else 0.0
            pause_s = following.start_s - word.end_s
            places.append((pause_s + sentence_s + _LATE_S * cut_s / length_s, count, cut_s))
    after_s = length_s - words[-1].end_s
    if after_s >= _UNCERTAIN_S:
        places.append((after_s, len(words), words[-1].end_s + after_s / 2))
    _, count, cut_s = max(places, default=(0.0, len(words), words[-1].end_s))
    return count, cut_s


def _stretch(words: Sequence[ShownWord], offset: int, samples: int) -> Stretch:
    start_s = offset / SAMPLE_RATE_HZ
    moved = (replace(word, start_s=word.start_s + start_s, end_s=word.end_s + start_s) for word in words)
    return Stretch(tuple(moved), round((offset + samples) / SAMPLE_RATE_HZ, 6))
