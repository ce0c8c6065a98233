"""A server under test: its endpoints, and starting one on free ports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tritone.server import Ports, ServerOptions, TritonServer
from tritone.server.options import REPOSITORIES

_START_TIMEOUT_S = 300.0  # full-size models on a busy machine


@dataclass(frozen=True)
class Endpoints:
    """Where the server under test answers."""

    grpc_url: str  # host:port
    http_url: str  # host:port
    metrics_url: str
    pid: int | None = None  # root of its process tree if it runs on this machine

    @classmethod
    def of(cls, server: TritonServer) -> Endpoints:
        """Return those of a server that this process started."""
        return cls(server.grpc_url, server.http_url, server.metrics_url, server.process.pid)

    def url(self, protocol: str) -> str:
        """host:port for "grpc" or "http"."""
        return self.grpc_url if protocol == "grpc" else self.http_url


@contextmanager
def serving(models: Path, variant: str | None = None, extra: Sequence[str] = ()) -> Iterator[TritonServer]:
    """Serve a model repository and the pipelines on free ports while the block runs.

    Args:
        models: the model repository.
        variant: configs/<variant>.pbtxt where a model has it; None for config.pbtxt.
        extra: further arguments of tritonserver.

    Raises:
        ServerError: the server did not start.
    """
    options = ServerOptions(
        repositories=(models, *REPOSITORIES[1:]),
        ports=Ports.free(),
        model_config_name=variant,
        extra=list(extra),
    )
    server = TritonServer(options)
    try:
        server.start()
        server.wait_ready(_START_TIMEOUT_S)
        yield server
    finally:
        server.close()
