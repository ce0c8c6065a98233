"""One of NeMo's networks of synthesis, driven line by line: run by `networks` in the export environment.

    .venv-export/bin/python -m perf.bench.network_worker tacotron2 TACOTRON2.nemo INPUTS.npz
    .venv-export/bin/python -m perf.bench.network_worker waveglow WAVEGLOW.nemo INPUTS.npz

Every line on standard input is a batch size; for each, the network runs once through NeMo's own method on so
many rows of the inputs, and a line with the frames of a row, made or spoken, comes back. Everything that NeMo
prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np


def main() -> None:
    """Answer until standard input ends."""
    kind, checkpoint, inputs_file = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from export.nemo_environment import prepare

    prepare(threads=len(os.sched_getaffinity(0)))
    run = {"tacotron2": _tacotron2, "waveglow": _waveglow}[kind](checkpoint, dict(np.load(inputs_file)))
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(run(int(line))), file=answers, flush=True)


def _tacotron2(checkpoint: str, inputs: dict[str, Any]) -> Callable[[int], int]:
    import torch
    from nemo.collections.tts.models import Tacotron2Model

    model = Tacotron2Model.restore_from(checkpoint, map_location="cpu").eval()
    model.decoder.max_decoder_steps = inputs["dropout"].shape[1]
    symbols = torch.from_numpy(inputs["symbols"])

    def run(batch_size: int) -> int:
        with torch.inference_mode():
            mel = model.generate_spectrogram(tokens=symbols[:batch_size])
        return int(mel.shape[2])

    return run


def _waveglow(checkpoint: str, inputs: dict[str, Any]) -> Callable[[int], int]:
    import torch
    from nemo.collections.tts.models import WaveGlowModel

    model = WaveGlowModel.restore_from(checkpoint, map_location="cpu").eval()
    mel = torch.from_numpy(inputs["mel"])

    def run(batch_size: int) -> int:
        with torch.inference_mode():
            model.convert_spectrogram_to_audio(spec=mel[:batch_size], sigma=1.0, denoise=False)
        return int(mel.shape[2])

    return run


if __name__ == "__main__":
    main()
