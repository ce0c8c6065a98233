"""A speech backend for what Triton cannot be brought to do when a test needs it."""

from __future__ import annotations

import asyncio

import numpy as np
from tritone_client import Speech, Transcription, Word

HEARD = Transcription(
    "hello world",
    "Hello world.",
    (Word("hello", 0.0, 0.4, 0.9), Word("world", 0.5, 1.0, 0.8)),
    1.0,
)


class ScriptedBackend:
    """Hears "hello world" in everything; before that, fails as often as it is told to, and waits.

    Args:
        failures: raised by the first calls, one each.
        waiting: whether calls wait until `go` is set.
    """

    def __init__(self, *failures: Exception, waiting: bool = False) -> None:
        self._failures = list(failures)
        self.calls: list[bytes] = []  #: the recordings
        self.choices: list[object] = []
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.go = asyncio.Event()
        if not waiting:
            self.go.set()

    async def transcribe(self, audio, choices):
        """Hear."""
        self.calls.append(audio if isinstance(audio, bytes) else audio.read_bytes())
        self.choices.append(choices)
        self.begun.set()
        if self._failures:
            raise self._failures.pop(0)
        await self._wait()
        return HEARD

    async def stream_synthesis(self, text, choices):
        """Speak: a second of quiet."""
        self.choices.append(choices)
        if self._failures:
            raise self._failures.pop(0)
        yield Speech(np.zeros(16_000, np.float32), 16_000)
        self.begun.set()
        await self._wait()

    async def _wait(self):
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def close(self):
        """Nothing is open."""
