"""Run a soak against a server and judge it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from tritone_client import Client

from perf.instruments.process_tree import MIB, theil_sen, tree_memory
from perf.instruments.server import Endpoints
from perf.soak.callers import PATIENCE_S, SORTS, Tally, ask_sync
from perf.soak.cases import Case, make_cases, references

READINGS = 40  # of memory over the whole soak
SETTLING = 0.25  # share of them before memory is expected to be steady
POLL_S = 0.2


@dataclass(frozen=True)
class Plan:
    """How long and how hard."""

    requests: int  # at most
    minutes: float  # at most
    callers: int  # at a time
    growth: float  # of memory over the soak, as a share, that is still steady
    seed: int = 0  # of the choice of requests


@dataclass(frozen=True)
class Outcome:
    """What a soak found."""

    plan: Plan
    tally: Tally
    seconds: float
    memory: list[int]  # PSS of the whole process tree, bytes, at even distances

    @property
    def settled(self) -> list[int]:
        """The readings that count."""
        return self.memory[int(len(self.memory) * SETTLING) :]

    @property
    def growth(self) -> float | None:
        """Growth over the settled part as a share of its level, None without readings."""
        settled = self.settled
        if len(settled) < 4:
            return None
        level = median(settled[: len(settled) // 4 + 1])
        return theil_sen(settled) * (len(settled) - 1) / level if level else None

    @property
    def problems(self) -> list[str]:
        """Why the soak failed; empty when it did not."""
        found = []
        if self.tally.mistakes:
            found.append(f"{self.tally.mistakes} wrong answers or unexpected failures, expected none")
        if self.growth is not None and self.growth > self.plan.growth:
            found.append(f"memory grew by {self.growth:.1%}, expected at most {self.plan.growth:.1%}")
        if 0 in self.memory:
            found.append("there was no process to read the memory of: expected the server to run throughout")
        lost = self.tally.begun - sum(self.tally.done.values())
        if lost > 0:
            found.append(f"{lost} requests came to no end, their callers broke off (traceback above)")
        if not self.tally.done:
            found.append("no request was made, expected at least one")
        return found


def soak(target: Endpoints, plan: Plan, say: Callable[[str], None]) -> Outcome:
    """Ask each request alone first, then all of them in disorder by many callers."""
    cases = make_cases(plan.seed)
    with Client(target.grpc_url, timeout_s=PATIENCE_S) as client:
        alone = references(cases, lambda case: ask_sync(client, case))
    broken = [name for name in _broken(cases, alone)]
    if broken:
        raise ValueError(f"alone, these requests did not give what they should: {'; '.join(broken)}")
    say(f"{len(alone)} different requests asked alone; now {plan.callers} callers at once ...")
    started = time.monotonic()
    tally = Tally(plan.requests, started + plan.minutes * 60)
    threads = []
    for index in range(plan.callers):
        call, protocol = SORTS[index % len(SORTS)]
        arguments = (target.url(protocol), protocol, cases, alone, tally, plan.seed)
        threads.append(threading.Thread(target=call, args=arguments, daemon=True))
    for thread in threads:
        thread.start()
    memory = _watch(target, plan, tally, started, threads)
    return Outcome(plan, tally, time.monotonic() - started, memory)


def _broken(cases: list[Case], alone: dict[int, object]) -> list[str]:
    kinds = {id(case): case for case in cases}
    return [
        f"{kinds[key].name}: {outcome!r:.200}"
        for key, outcome in alone.items()
        if isinstance(outcome, Exception) != (kinds[key].kind == "refusal")
    ]


def _watch(
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
    """Describe a soak as Markdown."""
    tally, requests = outcome.tally, sum(outcome.tally.done.values())
    lines = [
        f"{requests} requests in {outcome.seconds:.0f} s by {outcome.plan.callers} callers at a time",
        "",
        "| request | count |",
        "|---|---|",
        *(f"| {name} | {count} |" for name, count in sorted(tally.done.items())),
        "",
        "Callers: " + ", ".join(f"{count} {name}" for name, count in sorted(tally.callers.items())) + ".",
        f"Given up in time by their callers: {tally.given_up}.",
        f"Wrong answers and unexpected failures: {tally.mistakes}.",
        *(f"  - {mistake}" for mistake in tally.shown),
    ]
    if outcome.growth is None:
        lines.append("Memory: too few readings to say anything.")
    else:
        level = median(outcome.settled)
        lines.append(
            f"Memory (PSS of the whole process tree): {level / MIB:.0f} MiB after settling, "
            f"highest {max(outcome.memory) / MIB:.0f} MiB, growth {outcome.growth:+.1%} over the last "
            f"{1 - SETTLING:.0%} of the soak (slope of {len(outcome.settled)} readings)."
        )
    verdict = "; ".join(outcome.problems) or "right answers only, steady memory"
    return "\n".join([*lines, "", f"Result: {verdict}."]) + "\n"
