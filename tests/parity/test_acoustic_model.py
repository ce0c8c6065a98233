"""QuartzNet and Jasper graphs against NeMo's encoder and decoder."""

from __future__ import annotations

import numpy as np
import pytest

from export.errors import UnsupportedCheckpointError
from export.families.quartznet.graph import AcousticModel
from export.families.quartznet.random_checkpoint import block, recognition_model
from export.onnx_graph import Graph
from export.recognition.acoustic_graph import write_acoustic_model

from .acoustic_models import (
    assert_empty_row_disturbs_no_neighbour,
    assert_graph_equals_nemo,
    assert_mixed_batch_equals_nemo,
    compute,
    features,
)
from .conftest import JASPER, QUARTZNET

pytestmark = pytest.mark.parity

MELS = 64
NETWORKS = {
    "quartznet": (QUARTZNET, {}),
    "jasper with dense residuals": (JASPER, {}),
    "hardtanh": (QUARTZNET, {"activation": "hardtanh"}),
    "swish": (QUARTZNET, {"activation": "swish"}),
    "strided residual": (
        [block(32, 11, repeat=2, stride=[2], residual=True, residual_mode="stride_add", stride_last=True)],
        {},
    ),
    "limited future context": ([block(32, 11, stride=[2]), block(32, 13, future_context=2)], {}),
    "squeeze and excite": (
        [
            block(32, 11, stride=[2], se=True),
            block(32, 13, repeat=3, residual=True, se=True),
            block(
                48,
                5,
                repeat=2,
                stride=[2],
                residual=True,
                residual_mode="stride_add",
                stride_last=True,
                se=True,
            ),
            block(48, 5, se=True),
        ],
        {},
    ),
    "kernel scaled": ([block(32, 11, kernel_size_factor=0.5), block(32, 1, separable=False)], {}),
}


@pytest.fixture(scope="module", params=NETWORKS.values(), ids=NETWORKS.keys())
def pair(request, tmp_path_factory):
    """A NeMo model and its graph."""
    layers, settings = request.param
    model = recognition_model(layers, **settings)
    path = tmp_path_factory.mktemp("acoustic") / "model.onnx"
    write_acoustic_model(AcousticModel(model.encoder, model.decoder), path)
    return model, Graph(path)


@pytest.mark.parametrize("frames", [1, 2, 3, 64, 301, 1000])
def test_graph_equals_nemo(pair, frames):
    assert_graph_equals_nemo(pair, MELS, frames)


@pytest.mark.parametrize("padding", [0.0, 5.0, float("nan")])
def test_mixed_batch_equals_nemo_clip_by_clip(pair, padding):
    assert_mixed_batch_equals_nemo(pair, MELS, padding)


def test_row_without_frames_has_no_output_and_disturbs_no_neighbour(pair):
    assert_empty_row_disturbs_no_neighbour(pair, MELS)


def test_probabilities_sum_to_one(pair):
    (measured,) = compute(pair[1], [features(MELS, 50)])
    np.testing.assert_allclose(np.exp(measured).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("layers", "settings", "named"),
    [
        ([block(32, 3, groups=4)], {}, "GroupShuffle"),
        ([block(32, 3)], {"normalization_mode": "layer"}, "GroupNorm"),
        ([block(32, 3)], {"conv_mask": False}, "conv_mask: false"),
        ([block(64, 3, heads=4)], {}, "shared heads"),
        ([block(32, 3, residual=True, residual_mode="max")], {}, "residual mode max"),
    ],
    ids=["groups", "layer norm", "unmasked", "heads", "max residual"],
)
def test_unknown_layer_is_refused_by_name(layers, settings, named):
    model = recognition_model(layers, **settings)
    with pytest.raises(UnsupportedCheckpointError, match=named):
        AcousticModel(model.encoder, model.decoder)
