"""Where a long recording is cut, with a speech service that hears a word in every loud half second."""

from __future__ import annotations

import numpy as np
import pytest
from tritone_client import Transcription, Word
from tritone_gateway.backend import RecognitionChoices
from tritone_gateway.backend.stretches import FIRST_S, LONGEST_S, transcribe_in_stretches

from tests.gateway.backends import tone

RATE_HZ = 16_000
HALF = RATE_HZ // 2


class LoudWords:
    """Half a second that is loud throughout is a word; one that is cut is none. Notes what it was given."""

    def __init__(self):
        self.lengths_s = []

    async def transcribe(self, audio, choices):
        self.lengths_s.append(len(audio) / RATE_HZ)
        loud = np.abs(audio).reshape(-1, 160).max(axis=1) > 0.1
        edges = np.flatnonzero(np.diff(np.concatenate(([0], loud.astype(int), [0]))))
        spans = [(a, b) for a, b in edges.reshape(-1, 2) if b - a == 50]
        words = tuple(Word("word", float(a) / 100, float(b) / 100, 0.9) for a, b in spans)
        text = " ".join(word.word for word in words)
        return Transcription(text, text, words, len(audio) / RATE_HZ)


async def pieces(samples, size=RATE_HZ):
    for start in range(0, samples.size, size):
        yield samples[start : start + size]


async def heard(samples):
    backend = LoudWords()
    stretches = transcribe_in_stretches(backend, pieces(samples), RecognitionChoices())
    return backend, [stretch async for stretch in stretches]


def spoken(length_s, every_s):
    """A word at the start of each period."""
    samples = np.zeros(int(length_s * RATE_HZ), np.float32)
    starts = [round(start_s * RATE_HZ) for start_s in np.arange(0.0, length_s - 0.5, every_s)]
    for start in starts:
        samples[start : start + HALF] = tone(0.5)
    return samples, [start / RATE_HZ for start in starts]


@pytest.mark.parametrize("every_s", [0.7, 1.0, 3.3])
@pytest.mark.parametrize("length_s", [5.0, FIRST_S, FIRST_S + 0.02, 47.7, 200.0])
async def test_every_word_is_heard_once_at_its_time(length_s, every_s):
    samples, starts_s = spoken(length_s, every_s)
    _, stretches = await heard(samples)
    words = [word for stretch in stretches for word in stretch.words]
    assert [word.start_s for word in words] == pytest.approx(starts_s, abs=0.02)
    assert stretches[-1].end_s == pytest.approx(length_s)


async def test_stretches_grow_to_the_longest():
    backend, stretches = await heard(spoken(200.0, 1.0)[0])
    assert backend.lengths_s[0] == FIRST_S
    assert max(backend.lengths_s) == LONGEST_S
    ends_s = [stretch.end_s for stretch in stretches]
    assert ends_s == sorted(ends_s)
    assert sum(backend.lengths_s) < 1.3 * 200  # little is recognised twice


async def test_quiet_is_passed_over():
    _, stretches = await heard(np.zeros(200 * RATE_HZ, np.float32))
    assert not any(stretch.words for stretch in stretches)
    assert stretches[-1].end_s == 200.0


async def test_recording_too_short_to_be_recognised_is_left_to_the_speech_service():
    backend, _ = await heard(np.zeros(160, np.float32))
    assert backend.lengths_s == [0.01]
