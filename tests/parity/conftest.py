"""Small NeMo models with random weights, saved as checkpoints and exported through the whole chain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from export.nemo_environment import prepare

prepare(threads=2)

from export.families.punctuation_bert.random_checkpoint import save_punctuation_model  # noqa: E402
from export.families.quartznet.random_checkpoint import block, recognition_model  # noqa: E402

SAMPLE_RATE_HZ = 16000

QUARTZNET = [
    block(32, 11, stride=[2]),
    block(32, 13, repeat=3, residual=True),
    block(48, 15, repeat=2, residual=True),
    block(48, 9, dilation=[2]),
    block(64, 1, separable=False),
]
JASPER = [
    block(32, 11, stride=[2], separable=False),
    block(32, 7, repeat=2, separable=False, residual=True, residual_dense=True),
    block(48, 9, repeat=2, separable=False, residual=True, residual_dense=True),
    block(48, 5, dilation=[2], separable=False),
    block(64, 1, separable=False),
]
BERT = {
    "model_type": "bert",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "max_position_embeddings": 128,
}
DISTILBERT = {
    "model_type": "distilbert",
    "dim": 64,
    "n_layers": 2,
    "n_heads": 4,
    "hidden_dim": 128,
    "max_position_embeddings": 128,
}


def sound(samples: int, seed: int = 0) -> np.ndarray:
    """Noise in syllable-like bursts; (N,) float32 in [-1, 1]."""
    generator = np.random.default_rng(seed + samples)
    envelope = 0.02 + 0.2 * np.abs(np.sin(np.arange(samples) / 2000 + seed))
    return (generator.standard_normal(samples) * envelope * 0.3).astype(np.float32)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory) -> Path:
    """A folder of clips in other formats and rates than the model's."""
    folder = tmp_path_factory.mktemp("recordings")
    for index, rate in enumerate((16000, 8000, 22050, 44100)):
        clip = sound(rate * (index + 1) // 2, index)
        samples = np.stack([clip, clip], axis=1) if index == 3 else clip
        soundfile.write(folder / f"{index}.flac", samples, rate)
    return folder


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory) -> dict[str, Path]:
    """One small checkpoint per kind of network."""
    folder = tmp_path_factory.mktemp("checkpoints")
    paths = {name: folder / f"{name}.nemo" for name in ("quartznet", "jasper", "bert", "distilbert")}
    recognition_model(QUARTZNET).save_to(str(paths["quartznet"]))
    recognition_model(JASPER, activation="hardtanh").save_to(str(paths["jasper"]))
    save_punctuation_model(BERT, 900, paths["bert"])
    save_punctuation_model(DISTILBERT, 900, paths["distilbert"])
    return paths
