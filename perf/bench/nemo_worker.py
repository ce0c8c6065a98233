"""NeMo in-process: the workers of the benchmarks, run in the export environment.

    .venv-export/bin/python -m perf.bench.nemo_worker recognition RECOGNISER.nemo PUNCTUATION.nemo CLIPS.npy
    .venv-export/bin/python -m perf.bench.nemo_worker FAMILY CHECKPOINT.nemo INPUTS.npz

For each batch size read from standard input, a line of JSON is written: for recognition the texts of all
clips, recognised and punctuated; for a family the number of frames per row, after NeMo's own method ran once
on that many rows of the inputs. Everything that NeMo prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

RECOGNITION = "recognition"


def main() -> None:
    """Respond until standard input ends."""
    task, *files = sys.argv[1:]
    responses = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from export.nemo_environment import prepare

    prepare(threads=len(os.sched_getaffinity(0)))
    run = _recognition(*files) if task == RECOGNITION else _network(task, *files)
    print(json.dumps("ready"), file=responses, flush=True)
    for line in sys.stdin:
        print(json.dumps(run(int(line))), file=responses, flush=True)


def _recognition(recogniser_file: str, punctuation_file: str, clips_file: str) -> Callable[[int], Any]:
    from export.families import load

    recogniser, punctuation = load(Path(recogniser_file)), load(Path(punctuation_file))
    clips = list(np.load(clips_file))

    def run(batch_size: int) -> list[str]:
        heard = recogniser.transcribe(clips, batch_size=batch_size, num_workers=0, verbose=False)
        transcripts = [getattr(hypothesis, "text", hypothesis) for hypothesis in heard]
        return list(punctuation.add_punctuation_capitalization(transcripts))

    return run


def _network(name: str, checkpoint: str, inputs_file: str) -> Callable[[int], Any]:
    from export.families import family_named

    family = family_named(name)
    assert family.comparison is not None  # `networks` passes no other family
    return family.comparison.nemo(family.load(Path(checkpoint)), dict(np.load(inputs_file)))


if __name__ == "__main__":
    main()
