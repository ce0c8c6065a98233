"""Export random weights for measuring: the ordinary build and install, without the comparison with NeMo.

A deep network of random weights that babbles is chaotic: it blows float rounding up beyond any tolerance, in
NeMo as in the graph. Its speed is that of trained weights.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from export.checkpoint import Checkpoint
from export.families import family_of
from export.family import Options
from export.nemo_environment import prepare, set_variables
from export.repository import Stage, install


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Export random weights for measuring.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--repository", type=Path, required=True)
    arguments = parser.parse_args()
    set_variables()
    family = family_of(Checkpoint.open(arguments.checkpoint), Options(arguments.repository, quantize=False))
    prepare(None)
    family.restore()
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        family.build(stage)
        install(stage, arguments.repository, version=1)


if __name__ == "__main__":
    main()
