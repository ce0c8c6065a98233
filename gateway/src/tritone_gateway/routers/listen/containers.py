"""Containers that arrive in pieces: WebM and Ogg from browsers, and whatever else FFmpeg reads.

FFmpeg pulls what it reads, and blocks until there is something. So it has a thread, which runs only while
`decode` waits for it: it takes one piece, decodes what it can, and stops when it wants the next one.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from contextlib import suppress
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from tritone_client.calls import SAMPLE_RATE_HZ

from tritone_gateway.errors import BadRequestError

LONGEST_PIECE_S = 600  # of audio in one piece: more is no speech, but an attempt to fill the memory
_PROBED_BYTES = 64 * 1024  # before the format has to be clear


class _TooMuchError(ValueError):
    """A piece holds far more audio than speech of its size."""


class ContainerDecoder:
    """A container of any usual format, in pieces that may be split anywhere; mixed to mono."""

    sample_rate_hz = SAMPLE_RATE_HZ  # what recognisers take, so that samples are resampled once

    def __init__(self) -> None:
        self._pieces: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()  # None: the end
        self._unread = b""
        self._decoded: list[NDArray[np.int16]] = []
        self._thread: threading.Thread | None = None
        self._resting = asyncio.Event()  # the thread wants the next piece, or has ended
        self._ended = False
        self._error: Exception | None = None

    async def decode(self, content: bytes) -> NDArray[np.int16]:
        """Return the samples that a piece completes."""
        return await self._run(content)

    async def finish(self) -> NDArray[np.int16]:
        """Return what is left at the end."""
        return await self._run(None) if self._thread else np.zeros(0, np.int16)

    def close(self) -> None:
        """Let the thread end, wherever the stream is."""
        self._pieces.put(None)

    async def _run(self, piece: bytes | None) -> NDArray[np.int16]:
        if not self._ended:
            self._resting.clear()
            self._pieces.put(piece)
            if self._thread is None:
                self._loop = asyncio.get_running_loop()
                self._thread = threading.Thread(target=self._decode, name="container", daemon=True)
                self._thread.start()
            await self._resting.wait()
        if self._error is not None:
            raise BadRequestError(
                "audio: expected WebM, Ogg, WAV, FLAC, MP3 or MP4 from its beginning, got something else; "
                "for bare samples give encoding and sample_rate.",
                param="encoding",
            ) from self._error
        parts, self._decoded = self._decoded, []
        return np.concatenate([np.zeros(0, np.int16), *parts])

    def _decode(self) -> None:
        """The thread: read, decode, resample, until the end."""
        try:
            # A live stream's header is enough; FFmpeg would otherwise wait for seconds of audio.
            options = {"probesize": str(_PROBED_BYTES), "analyzeduration": "0"}
            with av.open(_Reader(self), "r", options=options, buffer_size=4096) as container:
                self._decode_stream(container)
        except (av.error.FFmpegError, ValueError, IndexError) as error:  # IndexError: no audio in it
            self._error = error
        finally:
            self._ended = True
            self._rest()

    def _decode_stream(self, container: Any) -> None:
        resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE_HZ)
        for frame in container.decode(container.streams.audio[0]):
            frame.pts = None  # else gaps between time stamps would be filled
            self._take(resampler.resample(frame))
        self._take(resampler.resample(None))

    def _take(self, frames: list[Any]) -> None:
        self._decoded += [frame.to_ndarray()[0] for frame in frames]
        if sum(part.size for part in self._decoded) > LONGEST_PIECE_S * SAMPLE_RATE_HZ:
            self._decoded = []
            raise _TooMuchError

    def read(self, size: int) -> bytes:
        """For the thread: return some bytes as soon as there are any; none at the end."""
        if not self._unread:
            if self._pieces.empty():
                self._rest()
            piece = self._pieces.get()
            if piece is None:
                self._pieces.put(None)  # the end stays the end, however often FFmpeg asks
                return b""
            self._unread = piece
        content, self._unread = self._unread[:size], self._unread[size:]
        return content

    def _rest(self) -> None:
        with suppress(RuntimeError):  # the loop has been closed meanwhile: nobody waits
            self._loop.call_soon_threadsafe(self._resting.set)


class _Reader:
    """What FFmpeg reads from: no seeking, so that it takes the input for a live stream."""

    def __init__(self, decoder: ContainerDecoder) -> None:
        self.read = decoder.read
