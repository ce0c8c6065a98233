"""Back-pressure between two models of a pipeline."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread

PROBE_LOST_AFTER_S = 5.0  # presume a probe lost after this long; doubled for each further probe


class Backpressure:
    """Slows a model down to the speed of the next model in its pipeline.

    Responses of this model become requests in the next model's queue, which must not reject them, so their
    number has to be bounded here. Once `ahead` requests are outstanding, a probe is sent through the next
    model's queue. Its return shows that everything queued before it has been started. A probe is lost when
    the next model's process is killed; another one is then sent, and the first to return counts.

    Args:
        probe: sends a request through the next model's queue and waits for the answer; it may fail.
        ahead: requests that may be outstanding without a probe.
    """

    def __init__(self, probe: Callable[[], None], ahead: int) -> None:
        self._probe = probe
        self._ahead = ahead
        self._counting, self._probing = Lock(), Lock()
        self._forwarded = 0  # requests, in total
        self._started = 0  # of those, as far as is known

    def forward(self) -> None:
        """Count one forwarded request; wait until the next model has started enough of the earlier ones."""
        with self._counting:
            self._forwarded += 1
        while self._forwarded - self._started > self._ahead:
            with self._probing:
                # Another thread's probe may have returned while this one waited for the lock.
                if self._forwarded - self._started > self._ahead:
                    forwarded = self._forwarded
                    self._wait_for_probe()
                    self._started = forwarded

    def _wait_for_probe(self) -> None:
        returned, timeout_s = Event(), PROBE_LOST_AFTER_S

        def probe() -> None:
            try:
                self._probe()
            finally:
                returned.set()

        while True:
            Thread(target=probe, name="probe", daemon=True).start()
            if returned.wait(timeout_s):
                return
            timeout_s *= 2
