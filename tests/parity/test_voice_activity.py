"""The detector's graph with random weights against its layers, one chunk after another, in torch."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
import torch
from torch.nn import functional

from export.errors import ChecksumError
from export.onnx_graph import Graph
from export.voice_activity import wheel
from export.voice_activity.__main__ import main
from export.voice_activity.graph import write_voice_activity
from tritone.recognition.voice_activity import CHUNK_SAMPLES, CONTEXT_SAMPLES, STATE_SHAPE

pytestmark = pytest.mark.parity

SHAPES = {
    "stft.forward_basis_buffer": (258, 1, 256),
    "encoder.0.weight": (128, 129, 3),
    "encoder.0.bias": (128,),
    "encoder.1.weight": (64, 128, 3),
    "encoder.1.bias": (64,),
    "encoder.2.weight": (64, 64, 3),
    "encoder.2.bias": (64,),
    "encoder.3.weight": (128, 64, 3),
    "encoder.3.bias": (128,),
    "W": (1, 512, 128),
    "R": (1, 512, 128),
    "B": (1, 1024),
    "output.weight": (1, 128, 1),
    "output.bias": (1,),
}


@pytest.fixture(scope="module")
def weights():
    rng = np.random.default_rng(0)
    return {
        name: rng.normal(0, 1.5 / np.sqrt(np.prod(shape[1:])), shape).astype(np.float32)
        for name, shape in SHAPES.items()
    }


@pytest.fixture(scope="module")
def graph(weights, tmp_path_factory):
    path = tmp_path_factory.mktemp("graph") / "model.onnx"
    write_voice_activity(weights, path)
    return Graph(path)


def chunk_by_chunk(weights, samples):
    """Probabilities of one recording, with torch's own convolutions and the LSTM's equations."""
    given = {name: torch.tensor(array) for name, array in weights.items()}
    hidden = cell = torch.zeros(128)
    context, found = torch.zeros(CONTEXT_SAMPLES), []
    padded = functional.pad(torch.tensor(samples), (0, -samples.size % CHUNK_SAMPLES))
    for chunk in padded.split(CHUNK_SAMPLES):
        x = functional.pad(torch.cat([context, chunk])[None, None], (0, 64), mode="reflect")
        x = functional.conv1d(x, given["stft.forward_basis_buffer"], stride=128)
        x = (x[:, :129] ** 2 + x[:, 129:] ** 2).sqrt()
        for index, stride in enumerate((1, 2, 2, 1)):
            weight, bias = (given[f"encoder.{index}.{kind}"] for kind in ("weight", "bias"))
            x = functional.conv1d(x, weight, bias, stride=stride, padding=1).relu()
        gates = given["W"][0] @ x[0, :, 0] + given["R"][0] @ hidden + sum(given["B"][0].chunk(2))
        in_, out, forget, new = gates.chunk(4)
        cell = forget.sigmoid() * cell + in_.sigmoid() * new.tanh()
        hidden = out.sigmoid() * cell.tanh()
        found.append((given["output.weight"][0, :, 0] @ hidden.relu() + given["output.bias"]).sigmoid())
        context = chunk[-CONTEXT_SAMPLES:]
    return torch.cat(found).numpy()


def beginning(rows=1):
    return {
        "context": np.zeros((rows, CONTEXT_SAMPLES), np.float32),
        "state": np.zeros((rows, *STATE_SHAPE), np.float32),
    }


@pytest.mark.parametrize("size", [1, 511, 512, 513, 1024, 20_000])
def test_every_chunk_has_the_probability_that_the_layers_give(graph, weights, size):
    samples = np.random.default_rng(size).normal(0, 0.3, size).astype(np.float32)
    found = graph(audio=samples[None], **beginning())["speech_probability"]
    expected = chunk_by_chunk(weights, samples)
    assert found.shape == (1, -(-size // CHUNK_SAMPLES))
    assert np.ptp(expected) > 1e-3 or size <= CHUNK_SAMPLES
    np.testing.assert_allclose(found[0], expected, atol=1e-5)


def test_stretches_and_batches_give_what_the_whole_gives(graph):
    rows = np.random.default_rng(1).normal(0, 0.3, (3, CHUNK_SAMPLES * 40)).astype(np.float32)
    whole = graph(audio=rows, **beginning(3))
    first = graph(audio=rows[:, : CHUNK_SAMPLES * 7], **beginning(3))
    second = graph(
        audio=rows[:, CHUNK_SAMPLES * 7 :], context=first["next_context"], state=first["next_state"]
    )
    joined = np.concatenate([first["speech_probability"], second["speech_probability"]], axis=1)
    np.testing.assert_allclose(joined, whole["speech_probability"], atol=1e-5)
    np.testing.assert_allclose(second["next_state"], whole["next_state"], atol=1e-5)
    for index, row in enumerate(rows):
        alone = graph(audio=row[None], **beginning())["speech_probability"]
        np.testing.assert_allclose(alone[0], whole["speech_probability"][index], atol=1e-5)


def test_another_wheel_is_refused_and_nothing_is_installed(tmp_path, capsys):
    path = tmp_path / "silero_vad-6.2.3-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("silero_vad/data/silero_vad.onnx", b"another")
    with pytest.raises(ChecksumError, match=r"wheel of silero-vad 6\.2\.3 with SHA-256 7b7f5436"):
        wheel.Wheel.open(path)
    repository = tmp_path / "models"
    assert main([str(path), "--repository", str(repository)]) == 2
    assert "silero-vad 6.2.3" in capsys.readouterr().err
    assert not repository.exists()
