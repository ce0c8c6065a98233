"""Speech services in this process, for what the real one cannot be brought to: failures, waiting."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
from tritone_client import Catalogue, Recogniser, Speech, Transcription, Voice, Word

RATE_HZ = 16_000
WAIT_S = 20  # for what never comes when a test fails


class FailingBackend:
    """Answers everything with one error."""

    def __init__(self, error):
        self.error = error

    async def transcribe(self, audio, choices):
        raise self.error

    async def stream_synthesis(self, text, choices):
        raise self.error
        yield

    async def catalogue(self):
        raise self.error

    async def check_ready(self):
        raise self.error


class PatientBackend:
    """Hears "Word1." and so on, and speaks a tone in chunks of a second; waits before the second of either.

    Attributes:
        go_on: set by the test, for the second and all later stretches and chunks.
        closed: set when a stream of speech has been closed, or a transcription cancelled.
        spoken: chunks that have been asked for.
    """

    def __init__(self, chunks=3, error=None):
        self.go_on, self.closed = threading.Event(), threading.Event()
        self.chunks, self.error, self.spoken, self._heard = chunks, error, 0, 0

    async def transcribe(self, audio, choices):
        try:
            if self._heard or isinstance(audio, bytes):
                await self._wait()
        except asyncio.CancelledError:
            self.closed.set()
            raise
        if self._heard and self.error:
            raise self.error
        self._heard += 1
        length_s = len(audio) / RATE_HZ
        word = Word(f"word{self._heard}", length_s - 0.6, length_s - 0.4, 0.5)
        return Transcription(word.word, f"{word.word.capitalize()}.", (word,), length_s)

    async def stream_synthesis(self, text, choices):
        try:
            for number in range(self.chunks):
                if number == 1:
                    await self._wait()
                    if self.error:
                        raise self.error
                self.spoken += 1
                yield Speech(tone(1.0), RATE_HZ)
        finally:
            self.closed.set()

    async def catalogue(self):
        recognisers = (Recogniser("", (), (), True), Recogniser("other", (), (), True))
        return Catalogue(recognisers, (Voice("", (), (), ()), Voice("anna", (), (), ())))

    async def _wait(self):
        await asyncio.wait_for(asyncio.to_thread(self.go_on.wait, WAIT_S), WAIT_S)


def tone(length_s, rate_hz=RATE_HZ, frequency_hz=440.0):
    """A quiet tone, (N,) float32."""
    time_s = np.arange(int(length_s * rate_hz)) / rate_hz
    return (0.3 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)
