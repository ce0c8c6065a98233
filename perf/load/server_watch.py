"""Load of the server's machine while a block runs."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from statistics import mean
from types import TracebackType

from perf.instruments.errors import MeasurementError
from perf.instruments.load_test_results import GpuLoad, ServerLoad
from perf.instruments.metrics import Sample, fetch
from perf.instruments.process_tree import tree_cpu_s, tree_memory


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
