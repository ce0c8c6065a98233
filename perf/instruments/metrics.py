"""Triton's metrics, and what the models did between two readings of them."""

from __future__ import annotations

import http.client
import re
import urllib.request
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from perf.instruments.errors import MeasurementError
from perf.instruments.load_test_results import ModelWork

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
