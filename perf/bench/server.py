"""A server under measurement: started on free ports, its statistics read as differences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import tritonclient.grpc as triton

from perf.bench.graphs import Size
from tritone.server import Ports, ServerOptions, TritonServer


@contextmanager
def serving(size: Size) -> Iterator[TritonServer]:
    """Serve a repository while the block runs."""
    options = ServerOptions(repositories=size.repositories, ports=Ports.free())
    with TritonServer(options) as server:
        yield server


@dataclass(frozen=True)
class Statistics:
    """What Triton counted for one model; times are sums over requests, in seconds."""

    requests: int = 0
    executions: int = 0  # calls of the model; fewer than requests where the batcher merged some
    total_s: float = 0.0
    queue_s: float = 0.0
    compute_s: float = 0.0  # input, inference and output

    def __sub__(self, earlier: Statistics) -> Statistics:
        """What came in between."""
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
