"""A server under test: where it is, starting one on free ports, and its statistics as differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tritonclient.grpc as triton

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


@dataclass(frozen=True)
class Statistics:
    """What Triton counted for one model; times are sums over requests, in seconds."""

    requests: int = 0
    executions: int = 0  # fewer than requests if the batcher merged some
    total_s: float = 0.0
    queue_s: float = 0.0
    compute_s: float = 0.0  # input, inference and output

    def __sub__(self, earlier: Statistics) -> Statistics:
        """What was counted since an earlier reading."""
        return Statistics(
            self.requests - earlier.requests,
            self.executions - earlier.executions,
            self.total_s - earlier.total_s,
            self.queue_s - earlier.queue_s,
            self.compute_s - earlier.compute_s,
        )


def read_statistics(client: triton.InferenceServerClient) -> dict[str, Statistics]:
    """Return every model's counters."""
    found = {}
    for model in client.get_inference_statistics().model_stats:
        times = model.inference_stats
        computed = times.compute_input.ns + times.compute_infer.ns + times.compute_output.ns
        found[model.name] = Statistics(
            requests=times.success.count,
            executions=model.execution_count,
            total_s=times.success.ns / 1e9,
            queue_s=times.queue.ns / 1e9,
            compute_s=computed / 1e9,
        )
    return found


def differences(before: dict[str, Statistics], after: dict[str, Statistics]) -> dict[str, Statistics]:
    """Return what every model did between two readings."""
    return {name: counted - before.get(name, Statistics()) for name, counted in after.items()}
