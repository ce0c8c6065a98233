"""Callers of all four kinds: sync and asyncio, gRPC and HTTP."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal

from tritone_client import AsyncClient, Client, RequestTimeoutError, TritoneError

from perf.soak.cases import Case, collected, problem_of

TIMEOUT_S = 120.0
CANCEL_AFTER_S = (0.005, 0.2)
SHOWN = 20  # failures whose text is kept

Protocol = Literal["grpc", "http"]


@dataclass
class Tally:
    """Counts of the requests of all callers."""

    limit: int  # number of requests
    until: float  # monotonic seconds; no request is started later
    started: int = 0
    done: Counter[str] = field(default_factory=Counter)  # finished, by name of the case
    callers: Counter[str] = field(default_factory=Counter)  # finished, by kind of caller
    cancelled: int = 0  # before the answer came
    failures: int = 0
    shown: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> int | None:
        """Return the number of the next request, None if there are no more."""
        with self.lock:
            if self.started >= self.limit or time.monotonic() >= self.until:
                return None
            self.started += 1
            return self.started

    def finish(self, case: Case, caller: str, problem: str | None, cancelled: bool = False) -> None:
        """Count one request."""
        with self.lock:
            self.done[case.name] += 1
            self.callers[caller] += 1
            self.cancelled += cancelled
            if problem:
                self.failures += 1
                if len(self.shown) < SHOWN:
                    self.shown.append(f"{caller}, {case.name}: {problem}")


def ask_sync(client: Client, case: Case) -> object:
    """Return the answer, or the error raised instead."""
    try:
        answer: object = getattr(client, case.method)(*case.arguments, **dict(case.keywords))
        return collected(list(answer)) if isinstance(answer, Iterator) else answer
    except TritoneError as error:
        return error


def cases_for(cases: Sequence[Case], protocol: Protocol) -> list[Case]:
    """Return the requests that a protocol has."""
    return [case for case in cases if protocol == "grpc" or not case.streams]


def call_sync(
    url: str,
    protocol: Protocol,
    cases: Sequence[Case],
    references: Mapping[int, object],
    tally: Tally,
    seed: int,
) -> None:
    """Send requests until the tally is complete; one to be cancelled gets a very short timeout."""
    caller, cases = f"sync {protocol}", cases_for(cases, protocol)

    def open_client(timeout_s: float) -> Client:
        return Client(url, protocol=protocol, timeout_s=timeout_s, overload_wait_s=TIMEOUT_S)

    with open_client(TIMEOUT_S) as client:
        while (number := tally.start()) is not None:
            choice = random.Random(f"{seed} {number}")
            case = choice.choice(cases)
            if case.kind == "cancel":
                with open_client(choice.uniform(*CANCEL_AFTER_S)) as impatient:
                    outcome = ask_sync(impatient, case)
                cancelled = isinstance(outcome, RequestTimeoutError)
                wrong = isinstance(outcome, Exception) and not cancelled
                problem = f"expected a timeout, got {outcome!r}" if wrong else None
                tally.finish(case, caller, problem, cancelled)
            else:
                outcome = ask_sync(client, case)
                tally.finish(case, caller, problem_of(case, outcome, references[id(case)]))


def call_async(
    url: str,
    protocol: Protocol,
    cases: Sequence[Case],
    references: Mapping[int, object],
    tally: Tally,
    seed: int,
) -> None:
    """Do the same on an event loop, where a request is cancelled."""
    asyncio.run(_call_async(url, protocol, cases, references, tally, seed))


async def _call_async(
    url: str,
    protocol: Protocol,
    cases: Sequence[Case],
    references: Mapping[int, object],
    tally: Tally,
    seed: int,
) -> None:
    caller, cases = f"asyncio {protocol}", cases_for(cases, protocol)
    async with AsyncClient(url, protocol=protocol, timeout_s=TIMEOUT_S, overload_wait_s=TIMEOUT_S) as client:

        async def ask(case: Case) -> object:
            try:
                asked = getattr(client, case.method)(*case.arguments, **dict(case.keywords))
                if case.streams:
                    async with aclosing(asked):
                        return collected([item async for item in asked])
                answer: object = await asked
                return answer
            except TritoneError as error:
                return error

        while (number := tally.start()) is not None:
            choice = random.Random(f"{seed} {number}")
            case = choice.choice(cases)
            if case.kind == "cancel":
                asking = asyncio.create_task(ask(case))
                done, _ = await asyncio.wait([asking], timeout=choice.uniform(*CANCEL_AFTER_S))
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
                failed = bool(done) and isinstance(asking.result(), Exception)
                problem = f"expected a cancellation, got {asking.result()!r}" if failed else None
                tally.finish(case, caller, problem, cancelled=not done)
            else:
                tally.finish(case, caller, problem_of(case, await ask(case), references[id(case)]))


CALLERS: tuple[tuple[Callable[..., None], Protocol], ...] = (
    (call_sync, "grpc"),
    (call_async, "grpc"),
    (call_sync, "http"),
    (call_async, "http"),
)
