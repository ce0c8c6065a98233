"""The graph against NeMo's network, on a spectrogram of noise; its content does not affect the time."""

from __future__ import annotations

from pathlib import Path

from export.comparison import Comparison, Work
from export.configs import graph_dims
from export.families.hifigan import MODEL
from export.synthesis.benchmark import mel_of_noise, nemo_audio


def work(repository: Path, frames: int) -> Work:
    """Return a spectrogram of noise."""
    mels, _ = graph_dims(repository / MODEL / "1/model.onnx")["mel"]
    return Work(mel_of_noise(mels, frames), frames, f"{frames} frames")


COMPARISON = Comparison(
    MODEL,
    ("audio", "audio_length"),
    (1,),
    at_least=1.0,
    sizes=("full",),
    amount=100,
    work=work,
    nemo=nemo_audio,
)
