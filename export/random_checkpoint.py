"""`python -m export.random_checkpoint FAMILY OUT.nemo`: random weights at the published size, for benchmarks.

Run it in the NeMo environment. With --install the graphs are also installed into a model repository, by the
usual build but without the comparison with NeMo: a deep network with random weights is chaotic and amplifies
float rounding beyond any tolerance, in NeMo as in the graph. Its speed is that of trained weights.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from export.checkpoint import Checkpoint
from export.errors import ExportError
from export.families import families, family_named, family_of
from export.family import Options
from export.installation import Stage, install
from export.nemo_environment import prepare


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one checkpoint; 0 when done, 2 when the family has none."""
    parser = argparse.ArgumentParser(prog="python -m export.random_checkpoint", description=__doc__)
    parser.add_argument("family", help=", ".join(family.name for family in families()))
    parser.add_argument("output", type=Path)
    parser.add_argument("--install", type=Path, metavar="REPOSITORY", help="model repository for the graphs")
    given = parser.parse_args(arguments)
    try:
        family = family_named(given.family)
        prepare()
        given.output.parent.mkdir(parents=True, exist_ok=True)
        family.write_random(given.output)
        size = given.output.stat().st_size / 1e6
        print(f"wrote {given.output} ({size:.1f} MB), random weights: for benchmarks only")
        if given.install:
            export_unverified(given.output, given.install)
    except ExportError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def export_unverified(checkpoint: Path, repository: Path) -> None:
    """Install the graphs of a checkpoint without comparing them with NeMo."""
    family = family_of(Checkpoint.open(checkpoint), Options(repository, quantize=False))
    family.restore()
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        family.build(stage)
        install(stage, repository, version=1)


if __name__ == "__main__":
    sys.exit(main())
