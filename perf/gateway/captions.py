"""Many live captions at a time: WebSockets of /v1/listen, some of which play recordings in real time."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from perf.gateway.process import Gateway
from perf.instruments.process_tree import MIB, tree_cpu_s, tree_memory
from perf.instruments.streams.playing import conversation
from tritone.contract import SAMPLE_RATE_HZ

CHUNK_S = 0.1  # as a browser sends them
_KEEP_ALIVE_S = 3.0
_SPREAD_S = 1.0  # people do not begin at the same time


@dataclass(frozen=True)
class Heard:
    """What one WebSocket got."""

    delays_s: list[float]  # from the end of the audio that a result covers to the result's arrival
    finals: int
    words: int
    failure: str  # empty: it was answered to the end
    spoke: bool = True


@dataclass(frozen=True)
class Captions:
    """What was measured over all WebSockets."""

    heard: list[Heard]
    seconds: int  # of audio on each
    elapsed_s: float
    gateway_cpu_s: float
    triton_cpu_s: float
    gateway_mib: float  # proportional set size while all were open

    @property
    def failures(self) -> list[str]:
        """What went wrong, one for each WebSocket that was not answered to the end."""
        return [each.failure for each in self.heard if each.failure]

    @property
    def delays_s(self) -> list[float]:
        """Of all results."""
        return [delay for each in self.heard for delay in each.delays_s]

    def delay_ms(self, percent: float) -> float:
        """Return a percentile of the delays in ms."""
        return float(np.percentile(self.delays_s, percent)) * 1000 if self.delays_s else float("nan")

    @property
    def speaking(self) -> int:
        """How many WebSockets sent audio."""
        return sum(each.spoke for each in self.heard)

    @property
    def words(self) -> float:
        """Words in the final results of a WebSocket that sent audio, median."""
        return median(each.words for each in self.heard if each.spoke)


def measure(triton_pid: int, gateway: Gateway, websockets: int, speaking: int, seconds: int) -> Captions:
    """Play `seconds` of conversation on the first of the WebSockets; the others listen and stay open.

    Args:
        triton_pid: root of its process tree.
        gateway: under test.
        websockets: open at the same time.
        speaking: how many of them send audio.
        seconds: of audio on each of these.
    """
    pids = (gateway.pid, triton_pid)
    sounds = [conversation(seconds, seed) for seed in range(speaking)]
    audio = [(sound * 32767).astype("<i2") for sound in sounds]
    audio += [np.zeros(0, "<i2")] * (websockets - speaking)
    before, started_s = [tree_cpu_s(pid) for pid in pids], time.perf_counter()
    heard, memory = asyncio.run(_play(gateway, audio, seconds))
    elapsed_s = time.perf_counter() - started_s
    gateway_s, triton_s = (tree_cpu_s(pid) - start for pid, start in zip(pids, before, strict=True))
    return Captions(heard, seconds, elapsed_s, gateway_s, triton_s, memory / MIB)


async def _play(gateway: Gateway, audio: list[NDArray[np.int16]], after_s: float) -> tuple[list[Heard], int]:
    offsets_s = np.random.default_rng(0).uniform(0, _SPREAD_S, len(audio))
    playing = [
        asyncio.create_task(_listen(gateway, samples, offset, after_s))
        for samples, offset in zip(audio, offsets_s, strict=True)
    ]
    await asyncio.sleep(_SPREAD_S + after_s / 2)
    memory = tree_memory(gateway.pid).pss
    return await asyncio.gather(*playing), memory


async def _listen(gateway: Gateway, samples: NDArray[np.int16], offset_s: float, open_s: float) -> Heard:
    await asyncio.sleep(offset_s)
    query = f"encoding=linear16&sample_rate={SAMPLE_RATE_HZ}&interim_results=true"
    delays_s: list[float] = []
    finals = words = 0
    failure = ""
    try:
        async with connect(
            f"ws://{gateway.host}:{gateway.port}/v1/listen?{query}", compression=None
        ) as socket:
            started_s = time.perf_counter()
            speaking = asyncio.create_task(_speak(socket, samples, started_s, open_s))
            async for message in socket:
                result = json.loads(message)
                if result.get("type") == "Error":
                    failure = str(result)
                if result.get("type") != "Results":
                    continue
                covered_s = result["start"] + result["duration"]
                delays_s.append(time.perf_counter() - started_s - covered_s)
                if result["is_final"]:
                    finals += 1
                    words += len(result["channel"]["alternatives"][0]["transcript"].split())
            await speaking
            if socket.close_code != 1000:
                failure = failure or f"closed with {socket.close_code}"
    except (OSError, WebSocketException) as error:
        failure = f"{type(error).__name__}: {error}"
    return Heard(delays_s, finals, words, failure, samples.size > 0)


async def _speak(
    socket: ClientConnection, samples: NDArray[np.int16], started_s: float, open_s: float
) -> None:
    """Send audio when it has been spoken; without any, keep the connection open for as long."""
    count = round(CHUNK_S * SAMPLE_RATE_HZ)
    for start in range(0, samples.size, count):
        chunk = samples[start : start + count]
        late_s = time.perf_counter() - started_s - (start + chunk.size) / SAMPLE_RATE_HZ
        if late_s < 0:
            await asyncio.sleep(-late_s)
        await socket.send(chunk.tobytes())
    while samples.size == 0 and time.perf_counter() - started_s < open_s:
        await socket.send(json.dumps({"type": "KeepAlive"}))
        await asyncio.sleep(_KEEP_ALIVE_S)
    await socket.send(json.dumps({"type": "CloseStream"}))
