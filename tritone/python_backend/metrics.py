"""What a model tells Triton's metrics of the requests that wait in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from threading import Event, Thread

import triton_python_backend_utils as pb_utils

_PERIOD_S = 1.0


class RequestMetrics:
    """Shows how many requests wait in one model, are at work and were refused.

    One thread alone speaks to Triton (2.51), every second: metrics that several threads change at once make
    the whole server crash.

    Args:
        model: its name.
        look: returns the requests that wait now, and those at work.
    """

    def __init__(self, model: str, look: Callable[[], tuple[int, int]]) -> None:
        self._model = model
        self._look = look
        self.refused: Counter[str] = Counter()  # requests, by reason: "full" or "timeout"
        self._closing = Event()
        self._thread = Thread(target=self._publish, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Show nothing any more."""
        self._closing.set()
        self._thread.join()

    def _publish(self) -> None:
        gauge, counter = pb_utils.MetricFamily.GAUGE, pb_utils.MetricFamily.COUNTER
        waiting, at_work, refused = families = [
            pb_utils.MetricFamily(name=f"tritone_requests_{name}", description=text, kind=kind)
            for name, text, kind in (
                ("waiting", "Requests that wait in a model for their turn", gauge),
                ("at_work", "Requests that a model has at work", gauge),
                ("refused_total", "Requests that a model had no room for", counter),
            )
        ]
        gauges = [family.Metric(labels={"model": self._model}) for family in (waiting, at_work)]
        reasons = ("full", "timeout")
        counters = {
            reason: refused.Metric(labels={"model": self._model, "reason": reason}) for reason in reasons
        }
        shown: Counter[str] = Counter()
        while families:  # which must outlive their metrics
            for metric, value in zip(gauges, self._look(), strict=True):
                metric.set(value)
            for reason, metric in counters.items():
                if new := self.refused[reason] - shown[reason]:
                    metric.increment(new)
                    shown[reason] += new
            if self._closing.wait(_PERIOD_S):
                return
