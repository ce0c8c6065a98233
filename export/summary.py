"""What an export ends with: what was checked and written, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from export.catalogue import amount
from export.family import Family
from export.verification import Check

WORD_ERROR_RATE = "word error rate"
CALLS = {  # by role of a family
    "recogniser": "transcribe {model}--wait 120 demo/recordings/prison_slt.flac",
    "punctuation": 'punctuate --wait 120 "how are you today"',
    "spectrograms": 'synthesize {model}--wait 120 "Good morning." -o morning.wav',
    "vocoder": 'synthesize {model}--wait 120 "Good morning." -o morning.wav',
}


@dataclass(frozen=True)
class Summary:
    """One exported checkpoint."""

    checkpoint: str  #: name of the file
    kind: str  #: NeMo class, and the family
    role: str  #: of the family
    checks: Sequence[Check]
    models: Sequence[str]  #: that got files
    files: int  #: written
    size_bytes: int  #: of all of them

    @classmethod
    def of(cls, family: Family, checks: Sequence[Check]) -> Summary:
        """The summary of an export that is done."""
        written = family.written
        return cls(
            checkpoint=family.checkpoint.path.name,
            kind=f"{family.class_name}, family {family.name}",
            role=family.role,
            checks=checks,
            models=sorted({path.relative_to(family.options.repository).parts[0] for path in written}),
            files=len(written),
            size_bytes=sum(path.stat().st_size for path in written),
        )

    def lines(self) -> list[str]:
        """The summary in lines."""
        lines = [
            f"{self.checkpoint}: {self.kind}",
            f"  parity   {self._parity()}",
            f"  written  {self.files} files, {amount(self.size_bytes)}: {', '.join(self.models)}",
        ]
        rates = [check for check in self.checks if check.measure == WORD_ERROR_RATE]
        if rates:
            words = "; ".join(map(_rate, rates))
            lines.insert(2, f"  words    {WORD_ERROR_RATE}: {words}")
        return lines

    def _parity(self) -> str:
        compared = [check for check in self.checks if check.measure != WORD_ERROR_RATE]
        judged = [check for check in compared if check.tolerance is not None]
        text = f"{len(judged)} comparisons with NeMo, all within their tolerances"
        relative = [(check.error / check.tolerance, check) for check in judged if check.tolerance]
        if not relative:
            return text
        share, closest = max(relative, key=lambda item: item[0])
        return (
            f"{text}; the closest is {closest.subject}: {closest.measure} {closest.error:.3g} "
            f"of {closest.tolerance:.3g} allowed ({share:.0%})"
        )


def _rate(check: Check) -> str:
    """A word error rate, with the one that is allowed."""
    allowed = "" if check.tolerance is None else f" (allowed {check.tolerance:.1%})"
    return f"{check.subject} {check.error:.1%}{allowed}"


def report(summaries: Sequence[Summary], name: str = "", commands: bool = True) -> str:
    """All summaries, and the commands that serve and call what was installed.

    Args:
        summaries: of one command.
        name: of a set of models beside the bundled one; empty for the bundled one.
        commands: whether to show them, which hold for the usual repository.
    """
    lines = ["", "Summary"]
    for summary in summaries:
        lines += summary.lines()
    if not commands:
        return "\n".join(lines)
    model = f"--model {name} " if name else ""
    calls = dict.fromkeys(
        CALLS[summary.role].format(model=model) for summary in summaries if summary.role in CALLS
    )
    lines += ["Next", "  make check", "  make serve", *(f"  .venv/bin/tritone {call}" for call in calls)]
    return "\n".join(lines)
