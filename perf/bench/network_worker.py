"""NeMo's network of a family: the worker of the `networks` benchmark, run in the export environment.

    .venv-export/bin/python -m perf.bench.network_worker FAMILY CHECKPOINT.nemo INPUTS.npz

For each batch size read from standard input, NeMo's own method runs once on that many rows of the inputs, and
the number of frames per row is written as a line of JSON. Everything that NeMo prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np


def main() -> None:
    """Respond until standard input ends."""
    family, checkpoint, inputs_file = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from export.families import family_named
    from export.nemo_environment import prepare

    prepare(threads=len(os.sched_getaffinity(0)))
    compared = family_named(family)
    assert compared.comparison is not None  # `networks` passes no other family
    run = compared.comparison.nemo(compared.load(Path(checkpoint)), dict(np.load(inputs_file)))
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(run(int(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
