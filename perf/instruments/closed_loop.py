"""Clients that each send their next request when the last one is answered, and the time each request took."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median
from typing import Generic, TypeVar

import numpy as np

Request = TypeVar("Request")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Round(Generic[Answer]):
    """One pass over all requests."""

    answers: list[Answer]  # in the order of the requests
    latencies_s: list[float]  # of each
    duration_s: float  # from the first request to the last answer


def drive(
    senders: Sequence[Callable[[Request], Answer]],
    requests: Sequence[Request],
    clock: Callable[[], float] = time.perf_counter,
) -> Round[Answer]:
    """Send all requests, each as soon as a client is free.

    Args:
        senders: one client each: sends a request on its own connection and waits for the answer.
        requests: what to send, shared out as the clients come free.
        clock: seconds.

    Raises:
        Exception: what a sender raised; the others end with their request under way.
    """
    answers: dict[int, Answer] = {}
    latencies: dict[int, float] = {}
    waiting = enumerate(requests)  # next() of it is atomic: every request is taken once
    failed: list[BaseException] = []

    def work(send: Callable[[Request], Answer]) -> None:
        for index, request in waiting:
            if failed:
                return
            began = clock()
            try:
                answers[index] = send(request)
            except BaseException as error:
                failed.append(error)
                raise
            latencies[index] = clock() - began

    with ThreadPoolExecutor(len(senders)) as threads:
        started = clock()
        working = [threads.submit(work, send) for send in senders]
    if failed:
        raise failed[0]
    for finished in working:
        finished.result()
    order = range(len(requests))
    duration = clock() - started
    return Round([answers[index] for index in order], [latencies[index] for index in order], duration)


@dataclass
class Timing:
    """What one contender did, round after round."""

    amounts_per_s: list[float] = field(default_factory=list)  # of work: requests, seconds of audio
    requests_per_s: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)  # of all rounds

    def add(self, made: Round[Answer], amount: float) -> None:
        """Count a round that got through so much work."""
        self.amounts_per_s.append(amount / made.duration_s)
        self.requests_per_s.append(len(made.latencies_s) / made.duration_s)
        self.latencies_s += made.latencies_s

    @property
    def amount_per_s(self) -> float:
        """Work per second in the middle round."""
        return median(self.amounts_per_s)

    @property
    def request_rate(self) -> float:
        """Requests per second in the middle round."""
        return median(self.requests_per_s)

    def percentile_ms(self, share: float) -> float:
        """Latency that `share` percent of all requests stayed within."""
        return float(np.percentile(self.latencies_s, share)) * 1000
