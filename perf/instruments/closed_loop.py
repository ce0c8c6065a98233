"""Closed-loop clients: each sends its next request when the previous one is answered."""

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
    latencies_s: list[float]  # in the order of the requests
    duration_s: float  # from the first request to the last answer


def drive(
    senders: Sequence[Callable[[Request], Answer]],
    requests: Sequence[Request],
    clock: Callable[[], float] = time.perf_counter,
) -> Round[Answer]:
    """Send all requests, each as soon as a client is free.

    Args:
        senders: one per client: sends a request on its own connection and waits for the answer.
        requests: each is taken by the next free client.
        clock: returns seconds.

    Raises:
        Exception: the first that a sender raised; the other clients stop after their current request.
    """
    answers: dict[int, Answer] = {}
    latencies: dict[int, float] = {}
    waiting = enumerate(requests)  # next() on it is atomic: every request is taken once
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
    """Figures of one contender over all rounds."""

    amounts_per_s: list[float] = field(default_factory=list)  # e.g. requests or seconds of audio, by round
    requests_per_s: list[float] = field(default_factory=list)  # by round
    latencies_s: list[float] = field(default_factory=list)  # of the requests of all rounds

    def add(self, made: Round[Answer], amount: float) -> None:
        """Add a round in which `amount` of work was done."""
        self.amounts_per_s.append(amount / made.duration_s)
        self.requests_per_s.append(len(made.latencies_s) / made.duration_s)
        self.latencies_s += made.latencies_s

    @property
    def amount_per_s(self) -> float:
        """Work per second, median of the rounds."""
        return median(self.amounts_per_s)

    @property
    def request_rate(self) -> float:
        """Requests per second, median of the rounds."""
        return median(self.requests_per_s)

    def percentile_ms(self, percent: float) -> float:
        """Return a percentile of the latencies of all requests, in ms."""
        return float(np.percentile(self.latencies_s, percent)) * 1000
