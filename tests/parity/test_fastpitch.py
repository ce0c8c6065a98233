"""FastPitch's graph against NeMo's, utterance by utterance and in batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from export.errors import UnsupportedCheckpointError
from export.families.fastpitch.graph import FastPitch, write_fastpitch
from export.families.fastpitch.random_checkpoint import spectrogram_model, transformer
from export.onnx_graph import Graph
from export.verification import max_abs, relative_l2

pytestmark = pytest.mark.parity

MELS = 16
SMALL = transformer(n_layer=2, d_model=32, d_head=8, d_inner=48)
SETTINGS = {
    "one speaker": {},
    "two heads": {"settings": SMALL | {"n_head": 2}},
    "several speakers": {
        "n_speakers": 3,
        "speaker_emb_condition_prosody": True,
        "speaker_emb_condition_decoder": True,
    },
}
UTTERANCES = [[5], [3, 8], [4, 9, 2, 7, 7, 1, 12, 30, 6], list(range(1, 28))]


def small_model(settings=SMALL, **changes):
    return spectrogram_model(settings, MELS, filters=24, **changes)


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS.keys())
def pair(request, tmp_path_factory):
    """A NeMo model and the graph made of it."""
    model = small_model(**request.param)
    path = tmp_path_factory.mktemp("fastpitch") / "model.onnx"
    write_fastpitch(FastPitch(model.fastpitch), path)
    return model, Graph(path)


def nemo(model, symbols, pace=1.0, pitch=0.0, speaker=1):
    """NeMo's spectrogram (M, T) and durations of one utterance."""
    with torch.no_grad():
        mel, _, durations, *_ = model.fastpitch.infer(
            text=torch.tensor([symbols]),
            pitch=torch.full((1, len(symbols)), pitch),
            pace=pace,
            speaker=torch.tensor([speaker]) if model.fastpitch.speaker_emb is not None else None,
        )
    return mel[0].numpy(), np.floor(durations[0].numpy() / np.float32(pace) + np.float32(0.5))


def compute(graph, utterances, pace=1.0, pitch=0.0, speaker=1, after=0):
    """The graph's spectrograms and durations of utterances as one batch."""
    longest = max(map(len, utterances))
    symbols = np.full((len(utterances), longest), after, np.int64)
    for row, utterance in zip(symbols, utterances, strict=True):
        row[: len(utterance)] = utterance
    arrays = {
        "symbols": symbols,
        "symbols_length": np.array([[len(utterance)] for utterance in utterances]),
        "pace": np.full((len(utterances), 1), pace, np.float32),
        "pitch": np.full(symbols.shape, pitch, np.float32),
    }
    if "speaker" in [value.name for value in graph.session.get_inputs()]:
        arrays["speaker"] = np.full((len(utterances), 1), speaker)
    output = graph(**arrays)
    lengths = output["mel_length"][:, 0]
    for row, length in zip(output["mel"], lengths, strict=True):
        assert not row[:, length:].any()
    return [
        (row[:, :length], durations[: len(utterance)])
        for row, length, durations, utterance in zip(
            output["mel"], lengths, output["durations"], utterances, strict=True
        )
    ]


@pytest.mark.parametrize(
    "wanted", [{}, {"pace": 0.5}, {"pace": 1.7}, {"pitch": 1.5}, {"speaker": 2}], ids=str
)
def test_graph_equals_nemo(pair, wanted):
    model, graph = pair
    for utterance in UTTERANCES:
        expected, durations = nemo(model, utterance, **wanted)
        ((mel, frames),) = compute(graph, [utterance], **wanted)
        assert frames.tolist() == durations.tolist()
        assert relative_l2(mel, expected) <= 1e-4


@pytest.mark.parametrize("after", [0, -1, 10**6])
def test_row_of_a_batch_equals_the_row_alone_whatever_follows_it(pair, after):
    _, graph = pair
    for utterance, (mel, frames) in zip(UTTERANCES, compute(graph, UTTERANCES, after=after), strict=True):
        ((alone, durations),) = compute(graph, [utterance])
        assert frames.tolist() == durations.tolist()
        assert max_abs(mel, alone) <= 1e-4


def test_empty_row_says_nothing_and_disturbs_no_neighbour(pair):
    _, graph = pair
    (empty, _), (mel, _) = compute(graph, [[], UTTERANCES[2]])
    ((alone, _),) = compute(graph, [UTTERANCES[2]])
    assert empty.shape[1] == 0
    assert max_abs(mel, alone) <= 1e-4


def test_durations_that_all_round_to_nothing_give_no_frames(tmp_path):
    model = small_model()
    with torch.no_grad():
        model.fastpitch.duration_predictor.fc.bias.fill_(-50.0)
    write_fastpitch(FastPitch(model.fastpitch), tmp_path / "model.onnx")
    ((mel, frames),) = compute(Graph(tmp_path / "model.onnx"), [UTTERANCES[2]])
    assert mel.shape[1] == 0
    assert not frames.any()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"settings": SMALL | {"pre_lnorm": True}}, "encoder.pre_lnorm"),
        ({"settings": SMALL | {"condition_types": ["concat"]}}, "encoder.condition_types"),
        ({"settings": SMALL | {"condition_types": ["layernorm"]}}, "encoder.condition_types"),
    ],
    ids=["norm before", "concatenated", "conditional norm"],
)
def test_unsupported_setting_is_refused_by_name(change, named):
    model = small_model(**change)
    with pytest.raises(UnsupportedCheckpointError, match=named):
        FastPitch(model.fastpitch)
