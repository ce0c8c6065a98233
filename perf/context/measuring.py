"""How often the best label of a frame changes when the network sees less around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from tritone.audio.decoding import decode_audio
from tritone.contract import SAMPLE_RATE_HZ
from tritone.model_parameters import Parameters
from tritone.recognition.streaming.format import FILE_NAME, StreamFormat
from tritone.repository.configs import read_config

MODEL = "asr_stream"
LONGEST_S = 60.0  # of a recording
FRAMES = 8  # of each recording that each context is tried on
SECONDS = (0.04, 0.08, 0.16, 0.24, 0.32, 0.48, 0.64, 1.0, 1.6, 2.4, 4.0, 6.4, 10.0)

Graph = Callable[..., list[NDArray[np.float32]]]


@dataclass(frozen=True)
class Row:
    """One context, on one side, while the other side is not limited."""

    seconds: float
    left: float  # share of frames whose best label changes if no more is seen before them
    right: float  # the same after them


class Recogniser:
    """The graphs of a recogniser, run here.

    Args:
        repository: of models.
        model: that recognises streams.
        version: of it.
    """

    def __init__(self, repository: Path, model: str = MODEL, version: int = 1) -> None:
        parameters = Parameters.of(read_config(repository / model / "config.pbtxt"))
        self.form = StreamFormat.load(repository / model / str(version) / FILE_NAME)
        folders = (repository / parameters.name(key) for key in ("features_model", "acoustic_model"))
        self._features, self._acoustic = (_session(each / str(version) / "model.onnx") for each in folders)

    def features(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the normalised features (M, T) of a recording."""
        length = np.array([[audio.size]], np.int64)
        names = ["features", "features_length"]
        features, frames = self._features.run(names, {"audio": audio[None], "audio_length": length})
        kept: NDArray[np.float32] = features[0, :, : frames[0, 0]]
        return kept

    def best(self, features: NDArray[np.float32]) -> NDArray[np.intp]:
        """Return the best label of every frame of the network."""
        given = {
            "features": np.ascontiguousarray(features[None]),
            "features_length": np.array([[features.shape[1]]], np.int64),
        }
        (log_probs,) = self._acoustic.run(["log_probs"], given)
        labels: NDArray[np.intp] = log_probs[0].argmax(axis=1)
        return labels


def measure(recogniser: Recogniser, recordings: Sequence[Path]) -> list[Row]:
    """Try all contexts on some frames of each recording, the same for all."""
    form, draws = recogniser.form, np.random.default_rng(0)
    spans = [round(seconds / form.feature_s / form.stride) * form.stride for seconds in SECONDS]
    changed = np.zeros((len(spans), 2))
    tried = 0
    for path in recordings:
        audio = decode_audio(path.read_bytes(), 3600)[: round(LONGEST_S * SAMPLE_RATE_HZ)]
        features = recogniser.features(audio)
        whole = recogniser.best(features)
        for frame in draws.integers(0, len(whole), FRAMES):
            tried += 1
            at = int(frame) * form.stride
            for index, span in enumerate(spans):
                first, stop = max(0, at - span), min(features.shape[1], at + span + 1)
                left = recogniser.best(features[:, first:])[(at - first) // form.stride]
                right = recogniser.best(features[:, :stop])[frame]
                changed[index] += left != whole[frame], right != whole[frame]
    shares = changed / max(tried, 1)
    return [Row(s, float(a), float(b)) for s, (a, b) in zip(SECONDS, shares, strict=True)]


def _session(path: Path) -> ort.InferenceSession:
    return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
