"""Smaller checkpoints that compute the same: float16 weights, and channels without effect cut off."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from export.checkpoint import Checkpoint
from export.families import family_of
from export.family import Options
from export.half_weights import store_halves

CHECKPOINT = Path("training/checkpoints/quartznet_people_en.nemo")


@pytest.fixture(scope="module")
def model() -> Any:
    return restored(CHECKPOINT)


@pytest.fixture(scope="module")
def compact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from training.compact import balance, write_compact

    path = tmp_path_factory.mktemp("compact") / "compact.nemo"
    model = restored(CHECKPOINT)
    balance(model)
    write_compact(model, CHECKPOINT, path)
    return path


def restored(path: Path) -> Any:
    checkpoint = Checkpoint.open(path)
    return family_of(checkpoint, Options(path.parent)).load(path)


@torch.no_grad()
def log_probs(model: Any) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    audio = torch.randn(2, 16000, generator=generator) * 0.1
    return model(input_signal=audio, input_signal_length=torch.tensor([16000, 12000]))[0]


def test_a_compact_checkpoint_is_half_as_large_and_computes_nearly_the_same(
    model: Any, compact: Path
) -> None:
    uncompressed = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
    assert compact.stat().st_size < 0.5 * uncompressed
    again, expected = restored(compact), log_probs(model)
    assert all(parameter.dtype == torch.float32 for parameter in again.parameters())
    assert torch.linalg.vector_norm(log_probs(again) - expected) < 2e-3 * torch.linalg.vector_norm(expected)


def test_the_graph_of_a_compact_checkpoint_holds_half_precision_without_a_further_rounding(
    compact: Path, tmp_path: Path
) -> None:
    from export.families.quartznet.graph import AcousticModel
    from export.recognition.acoustic_graph import write_acoustic_model

    again, path = restored(compact), tmp_path / "model.onnx"
    write_acoustic_model(AcousticModel(again.encoder, again.decoder).eval(), path, 2**30)
    store_halves(path)
    large = [numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer if np.prod(t.dims) >= 4096]
    assert large
    assert {values.dtype for values in large} == {np.dtype(np.float16)}


def test_pruning_cuts_the_channels_without_effect(model: Any) -> None:
    from nemo.collections.asr.models import EncDecCTCModel

    from training.growth import grow
    from training.pruning import prune

    wide_config = copy.deepcopy(model.cfg)
    for block in wide_config.encoder.jasper:
        block.filters += 16
    wide_config.decoder.feat_in += 16
    wide = EncDecCTCModel(wide_config).eval()
    wide.load_state_dict(grow(model.state_dict(), wide.state_dict()))
    narrow = prune(wide, model.cfg).eval()
    expected = log_probs(model)  # a trained channel that hardly ever speaks may be cut as well
    assert torch.linalg.vector_norm(log_probs(narrow) - expected) < 2e-3 * torch.linalg.vector_norm(expected)
