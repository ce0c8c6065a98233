"""Conformer and FastConformer graphs against NeMo's encoder and decoder."""

from __future__ import annotations

import pytest

from export.errors import UnsupportedCheckpointError
from export.families.conformer.graph import AcousticModel
from export.families.conformer.random_checkpoint import (
    conformer,
    fastconformer,
    recognition_model,
    write_tokenizer,
)
from export.onnx_graph import Graph
from export.recognition.acoustic_graph import write_acoustic_model

from .acoustic_models import (
    assert_empty_row_disturbs_no_neighbour,
    assert_graph_equals_nemo,
    assert_mixed_batch_equals_nemo,
)

pytestmark = pytest.mark.parity

MELS = 16
SMALL = {"feat_in": MELS, "n_layers": 2, "d_model": 32, "n_heads": 4, "subsampling_conv_channels": 16}
LOCAL = {"self_attention_model": "rel_pos_local_attn"}
NETWORKS = {
    "conformer": conformer(**SMALL),
    "fastconformer": fastconformer(**SMALL),
    "fastconformer without biases": fastconformer(**SMALL, use_bias=False),
    "shared position biases": conformer(**SMALL, untie_biases=False),
    "projected output": conformer(**SMALL, feat_out=24),
    "local attention": fastconformer(**SMALL, **LOCAL, att_context_size=[6, 6]),
}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder, ["the quick brown fox jumps over the lazy dog", "pack my box with jugs"], 48)
    return folder


@pytest.fixture(scope="module", params=NETWORKS.values(), ids=NETWORKS.keys())
def pair(request, tokenizer, tmp_path_factory):
    """A NeMo model and the graph made of it."""
    settings = request.param
    model = recognition_model(settings, tokenizer)
    path = tmp_path_factory.mktemp("acoustic") / "model.onnx"
    write_acoustic_model(AcousticModel(model.encoder, model.decoder), path)
    return model, Graph(path)


@pytest.mark.parametrize("frames", [1, 2, 3, 7, 8, 9, 64, 301, 1000])
def test_graph_equals_nemo(pair, frames):
    assert_graph_equals_nemo(pair, MELS, frames)


@pytest.mark.parametrize("padding", [0.0, 5.0, float("nan")])
def test_mixed_batch_equals_nemo_clip_by_clip(pair, padding):
    assert_mixed_batch_equals_nemo(pair, MELS, padding)


def test_row_without_frames_has_no_output_and_disturbs_no_neighbour(pair):
    assert_empty_row_disturbs_no_neighbour(pair, MELS)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (fastconformer(**SMALL, causal_downsampling=True), "causal_downsampling"),
        (conformer(**SMALL, subsampling_factor=4) | {"subsampling": "vggnet"}, "vggnet"),
        (conformer(**SMALL) | {"subsampling": "stacking"}, "StackingSubsampling"),
        (conformer(**SMALL, att_context_style="chunked_limited", att_context_size=[8, 7]), "chunked_limited"),
        (conformer(**SMALL, att_context_size=[10, 10]), "att_context_size"),
        (fastconformer(**SMALL, **LOCAL, att_context_size=[4, 8]), "on the left"),
        (fastconformer(**SMALL, **LOCAL, att_context_size=[6, 6], global_tokens=1), "global_tokens"),
        (conformer(**SMALL, self_attention_model="abs_pos"), "abs_pos"),
        (conformer(**SMALL, conv_norm_type="layer_norm"), "layer_norm"),
        (conformer(**SMALL, conv_context_size="causal"), "conv_context_size"),
        (
            conformer(**SMALL, reduction="pooling", reduction_position=0, reduction_factor=2),
            "encoder.reduction",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unsupported_setting_is_refused_by_name(settings, named, tokenizer):
    model = recognition_model(settings, tokenizer)
    with pytest.raises(UnsupportedCheckpointError, match=named):
        AcousticModel(model.encoder, model.decoder)
