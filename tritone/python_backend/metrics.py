"""Metrics of the launcher and of models, exported with Triton's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import triton_python_backend_utils as pb_utils

from ..contract import OPEN_STREAMS, RESTARTS_VARIABLE


def show_restarts() -> Any:
    """Add the gauge `tritone_server_restarts`: how often the launcher has restarted a crashed server.

    Returns:
        The metric; it is exported as long as it is referenced.
    """
    description = "Number of times that the launcher has started this server again after a crash"
    family, metric = _gauge("tritone_server_restarts", description, {})
    metric.set(float(os.environ.get(RESTARTS_VARIABLE) or 0))
    return family, metric


class StreamGauges:
    """The gauges `tritone_open_streams` and `tritone_most_streams` of one model.

    Args:
        args: of the model's `initialize`.
        most: streams that it serves at a time.
    """

    def __init__(self, args: Mapping[str, str], most: int) -> None:
        labels = {"model": args["model_name"], "version": args["model_version"]}
        self._open = _gauge(OPEN_STREAMS, "Number of streams that are open", labels)
        self._most = _gauge("tritone_most_streams", "Number of streams that are served at a time", labels)
        self.show(0)
        self._most[1].set(float(most))

    def show(self, streams: int) -> None:
        """Set the number of open streams."""
        self._open[1].set(float(streams))


def _gauge(name: str, description: str, labels: dict[str, str]) -> Any:
    family = pb_utils.MetricFamily(name=name, description=description, kind=pb_utils.MetricFamily.GAUGE)
    return family, family.Metric(labels=labels)
