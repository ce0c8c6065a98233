"""Tacotron 2 as a graph: encoder, loop and postnet against NeMo, item by item."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from export.families.tacotron2.decoder import DecoderStep
from export.families.tacotron2.encoder import Encoder, prune
from export.families.tacotron2.graph import write_tacotron2
from export.families.tacotron2.postnet import Postnet
from export.families.tacotron2.reference import nemo_spectrogram
from export.families.tacotron2.verification import spectrograms
from export.onnx_graph import Graph
from export.verification import max_abs, relative_l2

from .voices import DECODER, MEL, tacotron2

pytestmark = pytest.mark.parity

UTTERANCES = [[5], [3, 1, 4, 1, 5, 9, 2, 6], [7, 7], list(range(30)), []]
STEPS = 120
MELS = MEL["nfilt"]


def graph_of(model, path) -> Graph:
    encoder = Encoder(model.text_embedding, model.encoder).eval()
    step = DecoderStep(model.decoder, prune(encoder)).eval()
    postnet = Postnet(model.postnet, step.mels, float(model.pad_value)).eval()
    write_tacotron2(encoder, step, postnet, path)
    return Graph(path)


def dropout(rows: int, steps: int = STEPS) -> list[np.ndarray]:
    generator = np.random.default_rng(3)
    shape = (steps, 2, DECODER["prenet_dim"])
    return [(generator.random(shape) < 0.5).astype(np.float32) for _ in range(rows)]


@pytest.fixture(scope="module", params=[1, 2, 3])
def voice(request, tmp_path_factory):
    """A model that makes so many frames in a step, and its graph."""
    model = tacotron2(n_frames_per_step=request.param)
    return model, graph_of(model, tmp_path_factory.mktemp("graph") / "model.onnx")


def test_every_row_of_a_batch_equals_nemo_alone(voice):
    model, graph = voice
    noise = dropout(len(UTTERANCES))
    batch = spectrograms(graph, UTTERANCES, noise)
    for utterance, row, mask in zip(UTTERANCES[:-1], batch, noise, strict=False):
        expected = nemo_spectrogram(model, utterance, mask)
        assert row.mel_length == expected.mel_length
        assert 0 < row.mel_length < STEPS * model.decoder.n_frames_per_step
        assert relative_l2(row.mel, expected.mel) <= 1e-5
        assert max_abs(row.alignment, expected.alignment) <= 1e-5
        assert max_abs(row.gate, expected.gate) <= 1e-4
    assert batch[-1].mel_length == 0


def test_frames_after_the_end_are_silence(voice):
    model, graph = voice
    symbols = np.zeros((2, 30), dtype=np.int64)
    output = graph(symbols=symbols, symbols_length=np.array([[2], [30]]), dropout=np.stack(dropout(2)))
    (short,), (long,) = output["mel_length"]
    assert short < long == output["mel"].shape[2]
    assert (output["mel"][0, :, short:] == np.float32(model.pad_value)).all()
    steps = short // model.decoder.n_frames_per_step
    assert (output["gate"][0, steps:] == 1.0).all()
    assert (output["alignment"][0, steps:] == 0.0).all()


def test_limit_of_steps_is_the_dropouts_length(voice):
    model, graph = voice
    (mask,) = dropout(1, steps=4)
    (limited,) = spectrograms(graph, [UTTERANCES[3]], [mask])
    expected = nemo_spectrogram(model, UTTERANCES[3], mask)
    assert limited.mel_length == 4 * model.decoder.n_frames_per_step
    assert relative_l2(limited.mel, expected.mel) <= 1e-5


def test_gate_that_fires_at_once_keeps_one_step_as_nemo_does(tmp_path):
    model = tacotron2(n_frames_per_step=2)
    with torch.no_grad():
        model.decoder.gate_layer.linear_layer.bias.fill_(100.0)
    (mask,) = dropout(1)
    (row,) = spectrograms(graph_of(model, tmp_path / "model.onnx"), [UTTERANCES[1]], [mask])
    expected = nemo_spectrogram(model, UTTERANCES[1], mask)
    assert row.mel_length == expected.mel_length == 2
    assert relative_l2(row.mel, expected.mel) <= 1e-5


@torch.no_grad()
def test_channels_without_influence_are_removed_and_nothing_changes():
    model = tacotron2()
    encoder = Encoder(model.text_embedding, model.encoder).eval()
    symbols, length = torch.randint(0, model.num_tokens, (3, 11)), torch.tensor([[11], [1], [4]])
    whole = encoder(symbols, length)
    kept = prune(encoder)
    assert encoder.channels == len(kept) == 32
    assert encoder.embedding.embedding_dim == 32
    assert torch.allclose(encoder(symbols, length), whole[:, :, kept], atol=1e-6)
    removed = [channel for channel in range(whole.shape[2]) if channel not in kept]
    assert not whole[:, :, removed].any()


@torch.no_grad()
def test_channel_with_a_constant_is_kept():
    model = tacotron2()
    channel = 400
    model.encoder.convolutions[-1][1].bias[channel] = 0.5  # passes the rectifier
    model.encoder.lstm.weight_ih_l0[2 * model.encoder.lstm.hidden_size + 100, channel] = 1.0
    encoder = Encoder(model.text_embedding, model.encoder).eval()
    symbols, length = torch.randint(0, model.num_tokens, (2, 7)), torch.tensor([[7], [3]])
    whole = encoder(symbols, length)
    kept = prune(encoder)
    assert 100 in kept
    assert torch.allclose(encoder(symbols, length), whole[:, :, kept], atol=1e-6)


def test_first_steps_give_the_beginning_of_the_whole_up_to_the_context(voice):
    model, graph = voice
    (mask,) = dropout(1)
    steps, per_step = 12, model.decoder.n_frames_per_step
    (whole,) = spectrograms(graph, [UTTERANCES[3]], [mask])
    (first,) = spectrograms(graph, [UTTERANCES[3]], [mask[:steps]])
    assert first.mel_length == steps * per_step < whole.mel_length
    known = steps * per_step - Postnet(model.postnet, MELS, 0.0).context_frames
    assert max_abs(first.mel[:, :known], whole.mel[:, :known]) <= 1e-6
    assert max_abs(first.mel[:, known:], whole.mel[:, known : steps * per_step]) > 1e-6
