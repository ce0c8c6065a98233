"""A fake server for every test, and a caller for each of the four transports."""

from __future__ import annotations

import asyncio
import io
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result
from tritone_client import AsyncClient, Client
from tritone_client.command import main

from .fakes import Behaviour, GrpcServer, HttpServer

TRITONE = [sys.executable, "-m", "tritone_client.command"]
VARIANTS = [(kind, protocol) for protocol in ("grpc", "http") for kind in ("sync", "asyncio")]


@dataclass(frozen=True)
class Caller:
    """Calls one method of a new client, sync or asyncio; collects the results of generators in a list."""

    kind: str
    protocol: str

    def __call__(
        self,
        url: str,
        method: str,
        *arguments: Any,
        keywords: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        ask = methodcaller(method, *arguments, **(keywords or {}))
        if self.kind == "sync":
            with Client(url, protocol=self.protocol, **options) as client:
                answer = ask(client)
                return list(answer) if isinstance(answer, Generator) else answer
        return asyncio.run(self._asynchronously(url, ask, options))

    async def _asynchronously(self, url: str, ask: methodcaller, options: dict[str, Any]) -> Any:
        async with AsyncClient(url, protocol=self.protocol, **options) as client:
            answer = ask(client)
            return [item async for item in answer] if isinstance(answer, AsyncGenerator) else await answer


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
    """A port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def tritone(urls: dict[str, str]) -> Callable[..., Result]:
    """Run the command in this process; `-` arguments take stdin."""

    def run(*arguments: Any, stdin: str | bytes | None = None, url: str | None = urls["grpc"]) -> Result:
        address = ["--url", url] if url else []
        return CliRunner().invoke(main, [*map(str, arguments), *address], input=stdin)

    return run


@pytest.fixture
def process(urls: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the command in a separate process."""

    def run(*arguments: Any, **options: Any) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*TRITONE, *map(str, arguments), "--url", urls["grpc"]],
            capture_output=True,
            timeout=60,
            check=False,
            **options,
        )

    return run


@pytest.fixture
def record(behaviour: Behaviour, tmp_path: Path) -> Callable[..., Path]:
    """Make a WAV file that the fake server transcribes as the given words."""

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
