"""Triton's metrics: what the models did between two readings, and the load of the server's machine."""

from __future__ import annotations

import http.client
import re
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from types import TracebackType

from perf.instruments.errors import MeasurementError
from perf.instruments.load_test_results import GpuLoad, ModelWork, ServerLoad
from perf.instruments.process_tree import tree_cpu_s, tree_memory

_LINE = re.compile(r"^(?P<name>[a-zA-Z_:]\w*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_COMPUTE = tuple(f"nv_inference_compute_{part}_duration_us" for part in ("input", "infer", "output"))


@dataclass(frozen=True)
class Sample:
    """One value of the metrics endpoint."""

    name: str
    labels: Mapping[str, str]
    value: float


def parse(page: str) -> list[Sample]:
    """Parse Prometheus' text format."""
    lines = (_LINE.match(line) for line in page.splitlines())
    return [
        Sample(line["name"], dict(_LABEL.findall(line["labels"] or "")), float(line["value"]))
        for line in lines
        if line
    ]


def fetch(url: str) -> list[Sample]:
    """Read a server's metrics.

    Raises:
        MeasurementError: no metrics at this address.
    """
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return parse(answer.read().decode("utf-8"))
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise MeasurementError(
            f"metrics: expected Triton's at {url}, got {error}; start the server with metrics, or give "
            "their address with --metrics-url."
        ) from error


def model_work(samples: Sequence[Sample]) -> dict[str, ModelWork]:
    """Sum each model's counters over its versions; cancelled requests count as failures."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for sample in samples:
        if "model" in sample.labels:
            sums[sample.labels["model"]][sample.name] += sample.value
    return {
        model: ModelWork(
            model,
            requests=round(counted["nv_inference_request_success"]),
            executions=round(counted["nv_inference_exec_count"]),
            queue_s=counted["nv_inference_queue_duration_us"] / 1e6,
            compute_s=sum(counted[name] for name in _COMPUTE) / 1e6,
            failures=round(counted["nv_inference_request_failure"]),
            total_s=counted["nv_inference_request_duration_us"] / 1e6,
        )
        for model, counted in sums.items()
    }


def work_between(before: Mapping[str, ModelWork], after: Mapping[str, ModelWork]) -> tuple[ModelWork, ...]:
    """Return what the models did between two readings, without idle ones."""
    found = []
    for model, late in sorted(after.items()):
        early = before.get(model, ModelWork(model, 0, 0, 0.0, 0.0))
        work = ModelWork(
            model,
            late.requests - early.requests,
            late.executions - early.executions,
            late.queue_s - early.queue_s,
            late.compute_s - early.compute_s,
            late.failures - early.failures,
            late.total_s - early.total_s,
        )
        if work.requests or work.failures:
            found.append(work)
    return tuple(found)


class ServerWatch:
    """Samples a server's load while a block runs.

    Args:
        url: of its metrics.
        pid: root of its process tree if it runs on this machine.
        period_s: between readings; a shorter peak can be missed.
    """

    def __init__(self, url: str, pid: int | None, period_s: float = 0.5) -> None:
        self._url = url
        self._pid = pid
        self._period_s = period_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._readings: list[list[Sample]] = []
        self._pss: list[int] = []
        self._cores: float | None = None
        self._started = (0.0, 0.0)

    def load(self) -> ServerLoad:
        """Return the load measured so far."""
        used, busy = self._gauges("nv_cpu_memory_used_bytes"), self._gauges("nv_cpu_utilization")
        return ServerLoad(
            cpu_utilization=mean(busy) if busy else None,
            memory_used_bytes=max(used) if used else None,
            server_cores=self._cores,
            server_pss_bytes=max(self._pss) if self._pss else None,
            gpus=self._gpus(),
        )

    def __enter__(self) -> ServerWatch:
        if self._pid is not None:
            self._started = (time.monotonic(), tree_cpu_s(self._pid))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pid is not None:
            started_s, cpu_s = self._started
            self._cores = max(0.0, tree_cpu_s(self._pid) - cpu_s) / (time.monotonic() - started_s)
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._period_s):
            if self._pid is not None:
                self._pss.append(tree_memory(self._pid).pss)
            try:
                self._readings.append(fetch(self._url))
            except MeasurementError:
                continue  # an overloaded server may not answer in time

    def _gauges(self, name: str) -> list[float]:
        return [sample.value for reading in self._readings for sample in reading if sample.name == name]

    def _gpus(self) -> tuple[GpuLoad, ...]:
        by_gpu: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for reading in self._readings:
            for sample in reading:
                if "gpu_uuid" in sample.labels:
                    by_gpu[sample.labels["gpu_uuid"]][sample.name].append(sample.value)
        return tuple(
            GpuLoad(
                uuid,
                mean(found["nv_gpu_utilization"]) if "nv_gpu_utilization" in found else None,
                max(found["nv_gpu_memory_used_bytes"]) if "nv_gpu_memory_used_bytes" in found else None,
                mean(found["nv_gpu_power_usage"]) if "nv_gpu_power_usage" in found else None,
            )
            for uuid, found in sorted(by_gpu.items())
        )
