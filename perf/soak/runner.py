"""Run a soak test against a server and evaluate it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from statistics import median

from tritone_client import Client

from perf.instruments.command_line import log
from perf.instruments.process_tree import MIB, theil_sen, tree_memory
from perf.instruments.server import Endpoints
from perf.soak.callers import CALLERS, TIMEOUT_S, Tally, ask_sync
from perf.soak.cases import Case, make_cases, references

READINGS = 40  # of memory during the soak
SETTLING = 0.25  # share of them before memory is expected to be stable
POLL_S = 0.2


@dataclass(frozen=True)
class Plan:
    """Duration and load."""

    requests: int  # maximum
    minutes: float  # maximum
    callers: int  # concurrent
    growth: float  # largest growth of memory that counts as stable, as a share
    seed: int = 0  # for the choice of requests


@dataclass(frozen=True)
class Outcome:
    """Result of a soak."""

    plan: Plan
    tally: Tally
    seconds: float
    memory: list[int]  # readings of the process tree's PSS in bytes, evenly spaced

    @property
    def settled(self) -> list[int]:
        """The readings after settling."""
        return self.memory[int(len(self.memory) * SETTLING) :]

    @property
    def growth(self) -> float | None:
        """Growth over the settled readings as a share of their initial level; None if they are too few."""
        settled = self.settled
        if len(settled) < 4:
            return None
        level = median(settled[: len(settled) // 4 + 1])
        return theil_sen(settled) * (len(settled) - 1) / level if level else None

    @property
    def problems(self) -> list[str]:
        """Why the soak failed; empty if it passed."""
        found = []
        if self.tally.failures:
            found.append(f"{self.tally.failures} wrong answers or unexpected failures, expected none")
        if self.growth is not None and self.growth > self.plan.growth:
            found.append(f"memory grew by {self.growth:.1%}, expected at most {self.plan.growth:.1%}")
        if 0 in self.memory:
            found.append("expected the server to run throughout, found no process to read the memory of")
        lost = self.tally.started - sum(self.tally.done.values())
        if lost > 0:
            found.append(
                f"{lost} requests did not finish, expected none; their callers crashed (traceback above)"
            )
        if not self.tally.done:
            found.append("no request was sent, expected at least one")
        return found


def soak(target: Endpoints, plan: Plan) -> Outcome:
    """Send each request alone first, then random ones by many concurrent callers.

    Raises:
        ValueError: a request did not have the expected outcome when it was sent alone.
    """
    cases = make_cases(plan.seed)
    with Client(target.grpc_url, timeout_s=TIMEOUT_S) as client:
        alone = references(cases, lambda case: ask_sync(client, case))
    unexpected = _unexpected(cases, alone)
    if unexpected:
        raise ValueError(f"requests sent alone: expected other outcomes than {'; '.join(unexpected)}")
    log(f"perf.soak: {len(alone)} different requests sent alone; now {plan.callers} concurrent callers ...")
    started = time.monotonic()
    tally = Tally(plan.requests, started + plan.minutes * 60)
    threads = []
    for index in range(plan.callers):
        call, protocol = CALLERS[index % len(CALLERS)]
        arguments = (target.url(protocol), protocol, cases, alone, tally, plan.seed)
        threads.append(threading.Thread(target=call, args=arguments, daemon=True))
    for thread in threads:
        thread.start()
    memory = _monitor(target, plan, tally, started, threads)
    return Outcome(plan, tally, time.monotonic() - started, memory)


def _unexpected(cases: list[Case], alone: dict[int, object]) -> list[str]:
    kinds = {id(case): case for case in cases}
    return [
        f"{kinds[key].name}: {outcome!r:.200}"
        for key, outcome in alone.items()
        if isinstance(outcome, Exception) != (kinds[key].kind == "refusal")
    ]


def _monitor(
    target: Endpoints, plan: Plan, tally: Tally, started: float, threads: list[threading.Thread]
) -> list[int]:
    memory: list[int] = []
    while any(thread.is_alive() for thread in threads):
        time.sleep(POLL_S)
        elapsed = (time.monotonic() - started) / (plan.minutes * 60)
        progress = max(sum(tally.done.values()) / plan.requests, elapsed)
        if target.pid is not None and progress * READINGS >= len(memory) + 1:
            memory.append(tree_memory(target.pid).pss)
    return memory


def report(outcome: Outcome) -> str:
    """Return a report of a soak as Markdown."""
    tally, requests = outcome.tally, sum(outcome.tally.done.values())
    lines = [
        f"{requests} requests in {outcome.seconds:.0f} s by {outcome.plan.callers} concurrent callers",
        "",
        "| request | count |",
        "|---|---|",
        *(f"| {name} | {count} |" for name, count in sorted(tally.done.items())),
        "",
        "Callers: " + ", ".join(f"{count} {name}" for name, count in sorted(tally.callers.items())) + ".",
        f"Cancelled before the answer: {tally.cancelled}.",
        f"Wrong answers and unexpected failures: {tally.failures}.",
        *(f"  - {failure}" for failure in tally.shown),
    ]
    if outcome.growth is None:
        lines.append("Memory: too few readings.")
    else:
        level = median(outcome.settled)
        lines.append(
            f"Memory (PSS of the whole process tree): {level / MIB:.0f} MiB after settling, "
            f"highest {max(outcome.memory) / MIB:.0f} MiB, growth {outcome.growth:+.1%} over the last "
            f"{1 - SETTLING:.0%} of the soak (slope of {len(outcome.settled)} readings)."
        )
    verdict = "; ".join(outcome.problems) or "right answers only, stable memory"
    return "\n".join([*lines, "", f"Result: {verdict}."]) + "\n"
