"""Callers of all four sorts: sync and asyncio, gRPC and HTTP."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tritone_client import AsyncClient, Client, RequestTimeoutError, TritoneError

from perf.soak.cases import Case, mistake

PATIENCE_S = 120.0
GIVEN_UP_AFTER_S = (0.005, 0.2)
SHOWN = 20  # mistakes that are kept word for word

Protocol = Literal["grpc", "http"]


@dataclass
class Tally:
    """What came of the requests, counted by all callers together."""

    limit: int  # requests to make
    until: float  # monotonic seconds; none is begun later
    begun: int = 0
    done: Counter[str] = field(default_factory=Counter)  # by name of the case
    callers: Counter[str] = field(default_factory=Counter)  # by sort of caller
    given_up: int = 0  # requests that were cancelled in time
    mistakes: int = 0
    shown: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> int | None:
        """Return the number of the next request, None when there is none to be made any more."""
        with self.lock:
            if self.begun >= self.limit or time.monotonic() >= self.until:
                return None
            self.begun += 1
            return self.begun

    def end(self, case: Case, caller: str, problem: str | None, given_up: bool = False) -> None:
        """Count one request."""
        with self.lock:
            self.done[case.name] += 1
            self.callers[caller] += 1
            self.given_up += given_up
            if problem:
                self.mistakes += 1
                if len(self.shown) < SHOWN:
                    self.shown.append(f"{caller}, {case.name}: {problem}")


def ask_sync(client: Client, case: Case) -> object:
    """Return the answer, or the error that came instead."""
    try:
        answer: object = getattr(client, case.method)(*case.arguments, **dict(case.keywords))
    except TritoneError as error:
        return error
    return answer


def call_sync(
    url: str,
    protocol: Protocol,
    cases: Sequence[Case],
    references: Mapping[int, object],
    tally: Tally,
    seed: int,
) -> None:
    """Make requests until the tally has enough. One that is to be given up gets a deadline it cannot meet."""
    caller = f"sync {protocol}"

    def open_client(timeout_s: float) -> Client:
        return Client(url, protocol=protocol, timeout_s=timeout_s, overload_wait_s=PATIENCE_S)

    with open_client(PATIENCE_S) as client:
        while (number := tally.begin()) is not None:
            choice = random.Random(f"{seed} {number}")
            case = choice.choice(cases)
            if case.kind == "cancel":
                with open_client(choice.uniform(*GIVEN_UP_AFTER_S)) as hasty:
                    outcome = ask_sync(hasty, case)
                given_up = isinstance(outcome, RequestTimeoutError)
                wrong = isinstance(outcome, Exception) and not given_up
                problem = f"expected a timeout, got {outcome!r}" if wrong else None
                tally.end(case, caller, problem, given_up)
            else:
                outcome = ask_sync(client, case)
                tally.end(case, caller, mistake(case, outcome, references[id(case)]))


def call_async(
    url: str,
    protocol: Protocol,
    cases: Sequence[Case],
    references: Mapping[int, object],
    tally: Tally,
    seed: int,
) -> None:
    """Do the same on an event loop; what is to be given up is cancelled."""
    asyncio.run(_call_async(url, protocol, cases, references, tally, seed))


async def _call_async(
    url: str,
    protocol: Protocol,
    cases: Sequence[Case],
    references: Mapping[int, object],
    tally: Tally,
    seed: int,
) -> None:
    caller = f"asyncio {protocol}"
    async with AsyncClient(
        url, protocol=protocol, timeout_s=PATIENCE_S, overload_wait_s=PATIENCE_S
    ) as client:

        async def ask(case: Case) -> object:
            try:
                answer: object = await getattr(client, case.method)(*case.arguments, **dict(case.keywords))
            except TritoneError as error:
                return error
            return answer

        while (number := tally.begin()) is not None:
            choice = random.Random(f"{seed} {number}")
            case = choice.choice(cases)
            if case.kind == "cancel":
                asking = asyncio.create_task(ask(case))
                done, _ = await asyncio.wait([asking], timeout=choice.uniform(*GIVEN_UP_AFTER_S))
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
                failed = bool(done) and isinstance(asking.result(), Exception)
                problem = f"expected a cancellation, got {asking.result()!r}" if failed else None
                tally.end(case, caller, problem, given_up=not done)
            else:
                tally.end(case, caller, mistake(case, await ask(case), references[id(case)]))


SORTS: tuple[tuple[Callable[..., None], Protocol], ...] = (
    (call_sync, "grpc"),
    (call_async, "grpc"),
    (call_sync, "http"),
    (call_async, "http"),
)
