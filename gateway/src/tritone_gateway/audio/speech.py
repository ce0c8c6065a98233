"""Speech that is encoded while a voice makes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import IO

from tritone_client import Speech

from tritone_gateway.audio.encoders import Encoder, Format
from tritone_gateway.errors import InternalError


async def encoded(chunks: AsyncGenerator[Speech, None], format: Format) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of a file, each as soon as its speech is there. Closing it closes the chunks."""
    encoder: Encoder | None = None
    async with aclosing(chunks):
        async for speech in chunks:
            encoder = encoder or Encoder(format, speech.sample_rate_hz)
            if content := await asyncio.to_thread(encoder.add, speech.samples):
                yield content
    if encoder is not None and (content := await asyncio.to_thread(encoder.finish)):
        yield content


async def write(chunks: AsyncGenerator[Speech, None], format: Format, target: IO[bytes]) -> float:
    """Write a whole file, with a complete header.

    Args:
        chunks: closed at the end.
        format: of the file.
        target: can seek.

    Returns:
        Length of the speech in seconds.

    Raises:
        InternalError: there is no speech.
    """
    encoder: Encoder | None = None
    duration_s = 0.0
    async with aclosing(chunks):
        async for speech in chunks:
            encoder = encoder or Encoder(format, speech.sample_rate_hz, target)
            await asyncio.to_thread(encoder.add, speech.samples)
            duration_s += speech.duration_s
    if encoder is None:
        raise InternalError("The speech server answered nothing; its log has the reason.")
    await asyncio.to_thread(encoder.finish)
    return duration_s
