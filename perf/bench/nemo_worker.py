"""NeMo in-process: the worker of the `nemo` benchmark, run in the export environment.

    .venv-export/bin/python -m perf.bench.nemo_worker RECOGNISER.nemo PUNCTUATION.nemo CLIPS.npy

For each batch size read from standard input, all clips are recognised and punctuated, and the texts are
written as a line of JSON. Everything that NeMo prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np


def main() -> None:
    """Respond until standard input ends."""
    recogniser, punctuation, clips_file = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from export.families import load
    from export.nemo_environment import prepare

    prepare(threads=len(os.sched_getaffinity(0)))
    models = load(Path(recogniser)), load(Path(punctuation))
    clips = list(np.load(clips_file))
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(_recognise(*models, clips, int(line))), file=answers, flush=True)


def _recognise(recogniser: Any, punctuation: Any, clips: list[np.ndarray], batch_size: int) -> list[str]:
    heard = recogniser.transcribe(clips, batch_size=batch_size, num_workers=0, verbose=False)
    transcripts = [getattr(hypothesis, "text", hypothesis) for hypothesis in heard]
    return list(punctuation.add_punctuation_capitalization(transcripts))


if __name__ == "__main__":
    main()
