"""`python -m perf.compare BASE NEW`: compare two load tests and find regressions.

Exit code 0: no regression; 1: regressions, listed at the end; 2: nothing to compare. Only runs on the same
machine, one after the other, allow conclusions about the code.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from perf.compare.conditions import warnings
from perf.compare.matching import match
from perf.compare.report import markdown
from perf.compare.thresholds import DEFAULTS, regressions
from perf.instruments.command_line import write_text
from perf.instruments.errors import ResultsError
from perf.instruments.load_test_results import LoadTestRun


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; return the exit code."""
    given = _parser().parse_args(arguments)
    bounds = {name: getattr(given, name) for name in DEFAULTS}
    try:
        base, new = LoadTestRun.read(given.base), LoadTestRun.read(given.new)
    except (ResultsError, OSError) as error:
        return _unusable(str(error))
    found = match(base, new)
    if not found.pairs:
        return _unusable(
            f"{given.base}, {given.new}: expected runs with points in common (model, protocol, mode, load), "
            f"found none among {len(base.points)} and {len(new.points)}; measure both with the same options."
        )
    regressed = regressions(found.pairs, bounds)
    text = markdown((base, new), found, regressed, bounds, warnings(base, new))
    print(text, end="")
    try:
        write_text(given.output, text)
    except OSError as error:
        return _unusable(f"--output {given.output}: {error.strerror}; name a file that can be written.")
    for regression in regressed:
        print(f"perf.compare: regression: {regression}", file=sys.stderr)
    return 1 if regressed else 0


def _unusable(reason: str) -> int:
    print(f"perf.compare: {reason}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m perf.compare", description=__doc__.split("\n")[0])
    parser.add_argument("base", type=Path, metavar="BASE", help="folder of a load test, or its run.json")
    parser.add_argument(
        "new", type=Path, metavar="NEW", help="folder or run.json of the one that is compared with it"
    )
    for name, bound in DEFAULTS.items():
        side = "lowest" if name == "throughput" else "highest"
        parser.add_argument(
            f"--{name}",
            type=_bound,
            default=bound,
            metavar="RATIO",
            help=f"{side} ratio of new to base that is no regression, or none (default: {bound or 'none'})",
        )
    parser.add_argument(
        "--output", type=Path, metavar="FILE.md", help="also write the comparison to this file"
    )
    return parser


def _bound(text: str) -> float | None:
    if text == "none":
        return None
    try:
        ratio = float(text)
    except ValueError:
        ratio = math.nan
    if not 0 < ratio < math.inf:
        raise argparse.ArgumentTypeError(f"expected a ratio above 0, such as 1.2, or none; got {text!r}")
    return ratio


if __name__ == "__main__":
    sys.exit(main())
