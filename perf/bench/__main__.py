"""`python -m perf.bench [NAME ...]`: measure what serving costs and gains, and write a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from export.comparison import Comparison
from export.families import families
from export.family import Family
from perf.bench import glue, growth, memory, nemo, networks, search, serving, streaming, synthesis
from perf.bench.effort import QUICK, THOROUGH, Effort
from perf.bench.report import markdown, raw
from perf.bench.results import Result
from perf.instruments.command_line import command_of, log, write_text
from perf.instruments.errors import MeasurementError
from perf.instruments.machine import describe
from perf.instruments.model_sizes import FAMILIES, SIZES, Size, demo_size, family_size, full_size
from tritone.errors import ServerError

Sizes = Mapping[str, Callable[[], Size]]


def _sizes(family: type[Family], comparison: Comparison) -> Sizes:
    """The sizes at which a family is compared; one without bundled models has its own repository."""
    if family in FAMILIES.values():
        return {size: SIZES[size] for size in comparison.sizes}
    return {"full": partial(family_size, family)}


# Every benchmark, and the sizes at which it is meaningful.
BENCHMARKS: dict[str, tuple[Callable[[Size, Effort], Result], Sizes]] = {
    "serving": (serving.measure, SIZES),
    "nemo": (nemo.measure, {"full": full_size}),
    "glue": (glue.measure, SIZES),
    "search": (search.measure, SIZES),
    "memory": (memory.measure, {"demo": demo_size}),
    **{
        family.name: (partial(networks.measure, family), _sizes(family, family.comparison))
        for family in families()
        if family.comparison is not None
    },
    "synthesis": (synthesis.measure, SIZES),
    "streaming": (streaming.measure, {"demo": demo_size}),
    "growth": (growth.measure, {"demo": demo_size}),
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
            for size, repository in sizes.items():
                if given.size in (None, size):
                    log(f"{name}, {size} size ...")
                    results.append(measure(repository(), effort))
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
