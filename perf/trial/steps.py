"""The steps of a trial and their report."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import IO


@dataclass(frozen=True)
class Step:
    """The outcome of one step."""

    name: str  #: one word
    passed: bool | None  #: None where the outcome is only reported
    found: str  #: what was seen, with figures and units

    @property
    def line(self) -> str:
        """The step as the report shows it."""
        verdict = {True: "ok", False: "FAILED", None: "-"}[self.passed]
        return f"  {self.name:<10}{verdict:<8}{self.found}"


@dataclass
class Trial:
    """Steps in the order in which they were done, each announced as it ends."""

    title: str
    stream: IO[str] = field(default_factory=lambda: sys.stdout)
    steps: list[Step] = field(default_factory=list)

    def add(self, name: str, passed: bool | None, found: str) -> None:
        """Add a step."""
        self.steps.append(Step(name, passed, found))

    def say(self, text: str) -> None:
        """Print a line while the trial runs."""
        print(text, file=self.stream, flush=True)

    @property
    def passed(self) -> bool:
        """Whether no step failed."""
        return all(step.passed is not False for step in self.steps)

    def report(self, install: str) -> str:
        """All steps, and what follows from them.

        Args:
            install: the command that installs the checkpoint.
        """
        failed = [step.name for step in self.steps if step.passed is False]
        verdict = f"FAILED: {', '.join(failed)}." if failed else "Everything holds."
        lines = ["", self.title, *(step.line for step in self.steps), f"{verdict} Nothing was installed."]
        return "\n".join(lines if failed else [*lines, f"To install it: {install}"])
