"""`python -m perf.bench [NAME ...]`: measure what serving costs and gains, and write a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from perf.bench import glue, growth, memory, nemo, networks, serving, synthesis
from perf.bench.effort import QUICK, THOROUGH, Effort
from perf.bench.report import markdown, raw
from perf.bench.results import Result
from perf.instruments.command_line import command_of, log, write_text
from perf.instruments.errors import MeasurementError
from perf.instruments.machine import describe
from perf.instruments.model_sizes import FAMILIES, SIZES, Size
from tritone.errors import ServerError

# Every benchmark, and the sizes at which it is meaningful.
BENCHMARKS: dict[str, tuple[Callable[[Size, Effort], Result], tuple[str, ...]]] = {
    "serving": (serving.measure, ("demo", "full")),
    "nemo": (nemo.measure, ("full",)),
    "glue": (glue.measure, ("demo", "full")),
    "memory": (memory.measure, ("demo",)),
    **{
        family.name: (partial(networks.measure, family), tuple(family.comparison.sizes))
        for family in FAMILIES.values()
        if family.comparison is not None
    },
    "synthesis": (synthesis.measure, ("demo", "full")),
    "growth": (growth.measure, ("demo",)),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; return 0 if everything requested was measured, whatever the figures."""
    given = _parser().parse_args(arguments)
    command = command_of("perf.bench", arguments)
    machine = describe()
    effort = QUICK if given.quick else THOROUGH
    results = []
    try:
        for name in given.names or BENCHMARKS:
            measure, sizes = BENCHMARKS[name]
            for size in sizes:
                if given.size in (None, size):
                    log(f"{name}, {size} size ...")
                    results.append(measure(SIZES[size](), effort))
    except (MeasurementError, ServerError) as error:
        print(f"perf.bench: {error}", file=sys.stderr)
        return 1
    print(markdown(results, machine, command), end="")
    write_text(given.json, raw(results, machine, command))
    return 0


def _benchmark(name: str) -> str:
    if name not in BENCHMARKS:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(BENCHMARKS)}, got {name!r}")
    return name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m perf.bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", type=_benchmark, metavar="NAME", help=f"{', '.join(BENCHMARKS)}; default: all"
    )
    parser.add_argument("--size", choices=tuple(SIZES), help="only this size; default: all")
    parser.add_argument("--quick", action="store_true", help="few repetitions: a smoke test, figures vary")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the raw numbers")
    return parser


if __name__ == "__main__":
    sys.exit(main())
