"""Metrics of the launcher, exported with Triton's own."""

from __future__ import annotations

import os
from typing import Any

import triton_python_backend_utils as pb_utils

from ..contract import RESTARTS_VARIABLE


def show_restarts() -> Any:
    """Add the gauge `tritone_server_restarts`: how often the launcher has restarted a crashed server.

    Returns:
        The metric; it is exported as long as it is referenced.
    """
    family = pb_utils.MetricFamily(
        name="tritone_server_restarts",
        description="Number of times that the launcher has started this server again after a crash",
        kind=pb_utils.MetricFamily.GAUGE,
    )
    metric = family.Metric(labels={})
    metric.set(float(os.environ.get(RESTARTS_VARIABLE) or 0))
    return family, metric
