"""What the commands of all measurements share: argument types, progress messages, output files and tables."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path


def command_of(module: str, arguments: Sequence[str] | None) -> str:
    """Return the command as the user typed it; None for the arguments of this process."""
    return shlex.join(["python", "-m", module, *(sys.argv[1:] if arguments is None else arguments)])


def log(line: str) -> None:
    """Write a progress message."""
    print(line, file=sys.stderr, flush=True)


def write_text(path: Path | None, text: str) -> None:
    """Write a file and create its folder; None writes nothing."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def whole_number(text: str, most: int = 10**9) -> int:
    """Read a whole number from 1 to `most`."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= most:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {most}, got {text!r}")
    return number


def small_number(text: str) -> int:
    """Read a number of instances, threads, clients or rounds."""
    return whole_number(text, most=1024)


def small_numbers(text: str) -> tuple[int, ...]:
    """Read several such numbers, separated by commas."""
    return tuple(small_number(part) for part in text.split(","))


def positive(text: str) -> float:
    """Read a finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return number


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table in Markdown."""
    return [f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows)]
