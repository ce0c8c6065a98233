"""Boosted phrases on the command line: `--boost "PHRASE=WEIGHT"` and `--boost-file`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

DEFAULT_WEIGHT = 5.0
_COMMENT = "#"


def read_boost(given: Iterable[str], file: Path | None) -> dict[str, float]:
    """Return weights by phrase; what is given on the command line comes before the file.

    Args:
        given: `PHRASE=WEIGHT`, or `PHRASE` for the default weight.
        file: UTF-8, one of the same per line; empty lines and those that begin with # don't count.

    Raises:
        click.UsageError: a line has no phrase, or its weight is no number; or the file cannot be read.
    """
    weights: dict[str, float] = {}
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise click.UsageError(f"--boost-file: {file} cannot be read as UTF-8 text ({error}).") from error
        for number, line in enumerate(lines, start=1):
            if line.strip() and not line.lstrip().startswith(_COMMENT):
                weights |= _weighted(line, f"--boost-file: {file}, line {number}")
    for text in given:
        weights |= _weighted(text, "--boost")
    return weights


def _weighted(text: str, place: str) -> dict[str, float]:
    phrase, separator, weight = text.rpartition("=")
    if not separator:
        phrase, weight = text, str(DEFAULT_WEIGHT)
    try:
        number = float(weight)
    except ValueError:
        number = float("nan")
    phrase = phrase.strip()
    if not phrase or number != number:
        raise click.UsageError(f'{place}: expected PHRASE=WEIGHT, e.g. "Hester Prynne=8", got {text!r}.')
    return {phrase: number}
