"""A caller of `/v1/listen`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import websockets

RECORDINGS = Path(__file__).parents[3] / "demo" / "recordings"
RAW = "encoding=linear16&sample_rate=16000"


def recording(name: str) -> np.ndarray:
    """16-bit samples at 16 kHz."""
    samples, rate = soundfile.read(RECORDINGS / name, dtype="int16")
    assert rate == 16_000
    return samples


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(16_000 * seconds), np.int16)


class Call:
    """A connection."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    async def say(self, samples: np.ndarray, piece: int = 3200) -> None:
        for start in range(0, samples.size, piece):
            await self.socket.send(samples[start : start + piece].tobytes())

    async def tell(self, kind: str) -> None:
        await self.socket.send(json.dumps({"type": kind}))

    async def next(self, kind: str = "Results", **fields: Any) -> dict[str, Any]:
        """The next message of a kind with these fields; others before it are skipped."""
        async for text in self.socket:
            message = json.loads(text)
            if message["type"] == kind and all(message[name] == value for name, value in fields.items()):
                return message
        raise AssertionError(f"the connection ended without {kind}")

    async def rest(self) -> list[dict[str, Any]]:
        """All messages until the connection is closed, however it is."""
        messages = []
        try:
            async for text in self.socket:
                messages.append(json.loads(text))
        except websockets.ConnectionClosedError:
            pass
        return messages

    @property
    def close(self) -> tuple[int, str]:
        """Code and reason of the close frame."""
        return self.socket.close_code, self.socket.close_reason


def url(gateway: Any, query: str = RAW) -> str:
    return f"{gateway.url.replace('http', 'ws', 1)}/v1/listen?{query}"


@asynccontextmanager
async def call(gateway: Any, query: str = RAW, **options: Any) -> AsyncIterator[Call]:
    async with websockets.connect(url(gateway, query), **options) as socket:
        yield Call(socket)


async def refusal(gateway: Any, query: str) -> tuple[int, dict[str, Any], Any]:
    """Status, body and headers of a connection that is not accepted."""
    try:
        async with call(gateway, query):
            raise AssertionError("the connection was accepted")
    except websockets.InvalidStatus as refused:
        response = refused.response
        return response.status_code, json.loads(response.body), response.headers


def results(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for message in messages if message["type"] == "Results"]


def transcripts(messages: list[dict[str, Any]]) -> list[str]:
    """Of the final results."""
    return [
        message["channel"]["alternatives"][0]["transcript"]
        for message in results(messages)
        if message["is_final"]
    ]
