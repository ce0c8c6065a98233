"""Play recordings in real time over concurrent streams."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np
from tritone_client import AsyncClient, Client

from perf.instruments.clips import Clip, sample_recordings
from perf.instruments.process_tree import tree_cpu_s
from perf.instruments.server import Endpoints
from perf.instruments.streams.words import Latencies, Seen, joined, latencies
from tritone.audio.decoding import decode_audio
from tritone.contract import SAMPLE_RATE_HZ

CHUNK_S = 0.04  # as a sound card gives them
PAUSE_S = 1.0  # between recordings: longer than the silence that ends a segment
LONGEST_FILE_S = 600
NOISE = 1e-4  # of pauses
WARM_UP_S = 2.0
IDLE_S = 4.0


@dataclass(frozen=True)
class Cost:
    """Audio, and the processor time that it took."""

    audio_s: float  # of all streams
    cpu_s: float | None  # of the server, above what it takes when idle; None if it runs elsewhere

    @property
    def cpu_per_audio(self) -> float | None:
        """Processor seconds of the server for each second of audio."""
        return None if self.cpu_s is None else self.cpu_s / self.audio_s


@dataclass(frozen=True)
class StreamsPoint(Cost):
    """What was measured with a number of concurrent streams."""

    streams: int
    latencies: Latencies


def conversation(seconds: float, seed: int) -> Clip:
    """Return recordings one after another with quiet between them, in an order that depends on the seed."""
    generator = np.random.default_rng(seed)
    files = sample_recordings()
    parts: list[Clip] = []
    length = 0
    while length < seconds * SAMPLE_RATE_HZ:
        recording = decode_audio(files[generator.integers(len(files))].read_bytes(), LONGEST_FILE_S)
        quiet = generator.standard_normal(round(PAUSE_S * SAMPLE_RATE_HZ)) * NOISE
        parts += [recording, quiet.astype(np.float32)]
        length += recording.size + quiet.size
    return np.concatenate(parts)[: round(seconds * SAMPLE_RATE_HZ)]


def idle_share(target: Endpoints) -> float | None:
    """Return the processor time that a server takes in a second in which it has nothing to do."""
    before_s = _cpu_s(target)
    time.sleep(IDLE_S)
    after_s = _cpu_s(target)
    return None if before_s is None or after_s is None else (after_s - before_s) / IDLE_S


def play(target: Endpoints, streams: int, seconds: float, idle: float | None) -> StreamsPoint:
    """Play a conversation of so many seconds on each stream, all at the same time.

    Args:
        target: the server.
        streams: how many.
        seconds: of audio on each.
        idle: see `idle_share`.
    """
    conversations = [conversation(seconds, seed) for seed in range(streams)]
    before_s, started_s = _cpu_s(target), time.perf_counter()
    heard = asyncio.run(_play(target.grpc_url, conversations))
    after_s, elapsed_s = _cpu_s(target), time.perf_counter() - started_s
    cpu_s = None
    if before_s is not None and after_s is not None:
        cpu_s = max(0.0, after_s - before_s - (idle or 0.0) * elapsed_s)
    audio_s = sum(clip.size for clip in conversations) / SAMPLE_RATE_HZ
    return StreamsPoint(audio_s, cpu_s, streams, joined([latencies(seen) for seen in heard]))


def warm_up(target: Endpoints) -> None:
    """Send what makes the first figures comparable to later ones."""
    with Client(target.grpc_url) as client:
        clip = conversation(WARM_UP_S, 0)
        list(client.stream_transcription([clip]))
        client.transcribe(clip)


def offline(target: Endpoints, streams: int, seconds: float) -> Cost:
    """Recognise the same conversations as whole recordings, one after another."""
    conversations = [conversation(seconds, seed) for seed in range(streams)]
    before_s = _cpu_s(target)
    with Client(target.grpc_url) as client:
        for clip in conversations:
            client.transcribe(clip)
    after_s = _cpu_s(target)
    audio_s = sum(clip.size for clip in conversations) / SAMPLE_RATE_HZ
    return Cost(audio_s, None if before_s is None or after_s is None else after_s - before_s)


def _cpu_s(target: Endpoints) -> float | None:
    return None if target.pid is None else tree_cpu_s(target.pid)


async def _play(url: str, conversations: Sequence[Clip]) -> list[list[Seen]]:
    generator = np.random.default_rng(0)
    async with AsyncClient(url) as client:
        offsets_s = generator.uniform(0, 1, len(conversations))  # people do not begin at the same time
        playing = (
            _stream(client, clip, offset) for clip, offset in zip(conversations, offsets_s, strict=True)
        )
        return await asyncio.gather(*playing)


async def _stream(client: AsyncClient, clip: Clip, offset_s: float) -> list[Seen]:
    await asyncio.sleep(offset_s)
    started_s = time.perf_counter()
    return [
        Seen(time.perf_counter() - started_s, event)
        async for event in client.stream_transcription(_spoken(clip, started_s))
    ]


async def _spoken(clip: Clip, started_s: float) -> AsyncIterator[Clip]:
    """Yield chunks when their last sample has been spoken; what is late comes at once."""
    count = round(CHUNK_S * SAMPLE_RATE_HZ)
    for start in range(0, clip.size, count):
        chunk = clip[start : start + count]
        late_s = time.perf_counter() - started_s - (start + chunk.size) / SAMPLE_RATE_HZ
        if late_s < 0:
            await asyncio.sleep(-late_s)
        yield chunk
