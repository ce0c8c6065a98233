"""A fake server for every test, and one way to call it through each of the four transports."""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from tritone_client import AsyncClient, Client

from .fakes import Behaviour, GrpcServer, HttpServer

VARIANTS = [(kind, protocol) for protocol in ("grpc", "http") for kind in ("sync", "asyncio")]


@dataclass(frozen=True)
class Caller:
    """Calls one method of a fresh client, sync or asyncio."""

    kind: str
    protocol: str

    def __call__(self, url: str, method: str, *arguments: Any, **options: Any) -> Any:
        if self.kind == "sync":
            with Client(url, protocol=self.protocol, **options) as client:
                return getattr(client, method)(*arguments)
        return asyncio.run(self._asynchronously(url, method, arguments, options))

    async def _asynchronously(
        self, url: str, method: str, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        async with AsyncClient(url, protocol=self.protocol, **options) as client:
            return await getattr(client, method)(*arguments)


@pytest.fixture(params=VARIANTS, ids=lambda variant: "-".join(variant))
def caller(request: pytest.FixtureRequest) -> Caller:
    return Caller(*request.param)


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture
def urls(behaviour: Behaviour) -> Iterator[dict[str, str]]:
    """A running fake server's address by protocol."""
    with ExitStack() as stack:
        yield {
            "grpc": stack.enter_context(GrpcServer(behaviour)).url,
            "http": stack.enter_context(HttpServer(behaviour)).url,
        }


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def record(behaviour: Behaviour, tmp_path: Path) -> Callable[..., Path]:
    """Make a WAV file in which the fake server hears the given words."""

    def make(name: str, transcript: str, seconds: float = 2.0) -> Path:
        content = wav_bytes(transcript, seconds)
        behaviour.spoken[content] = transcript
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return make


def wav_bytes(seed: str, seconds: float) -> bytes:
    """Return a WAV file of noise that differs by seed."""
    noise = np.random.default_rng(list(seed.encode())).uniform(-0.1, 0.1, round(seconds * 8000))
    with io.BytesIO() as file:
        soundfile.write(file, noise, 8000, format="WAV")
        return file.getvalue()
