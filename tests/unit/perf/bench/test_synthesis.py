"""What the benchmarks of synthesis are made of."""

from __future__ import annotations

import numpy as np
import pytest
from tritonclient.grpc import service_pb2
from tritonclient.utils import deserialize_bytes_tensor

from export.families.tacotron2 import benchmark as tacotron2
from export.families.waveglow import benchmark as waveglow
from perf.bench.growth import exponent
from perf.instruments.load_client import output_samples, serialised_text
from perf.instruments.texts import text_of, texts
from tritone.synthesis.voice import Autoregressive, Flow, Voice

VOICE = Voice(
    sample_rate_hz=16_000,
    hop_samples=256,
    mels=80,
    fft_size=1024,
    silence=-11.5,
    vocabulary=114,
    spectrograms=Autoregressive(
        frames_per_step=2,
        prenet_layers=2,
        prenet_units=128,
        dropout=0.5,
        max_decoder_steps=1000,
        context_frames=10,
    ),
    vocoder=Flow(groups=16, sigma=0.8, context_frames=11),
)


def test_a_text_travels_with_its_seed():
    request = service_pb2.ModelInferRequest.FromString(serialised_text("zwölf", 7))
    assert request.model_name == "text_to_speech"
    assert deserialize_bytes_tensor(request.raw_input_contents[0]).tolist() == ["zwölf".encode()]
    assert request.parameters["seed"].int64_param == 7


def test_samples_are_read_without_their_padding():
    response = service_pb2.ModelInferResponse()
    tensors = {
        "sample_rate_hz": np.array([16_000], np.int32),
        "audio": np.array([0.5, -0.5, 0.0], np.float32),
        "audio_length": np.array([2], np.int64),
    }
    for name, array in tensors.items():
        response.outputs.add(name=name, shape=[1, array.size])
        response.raw_output_contents.append(array.tobytes())
    assert output_samples(response.SerializeToString()).tolist() == [0.5, -0.5]


def test_cost_in_proportion_has_exponent_one_and_a_quadratic_one_two():
    lengths = [1.0, 2.0, 4.0, 8.0]
    assert exponent(lengths, [3 * length for length in lengths]) == pytest.approx(1)
    assert exponent(lengths, [length**2 for length in lengths]) == pytest.approx(2)


def test_texts_come_in_turn_and_are_the_same_in_every_run():
    assert len(texts(30)) == 30
    assert texts(30)[:5] == texts(5)
    assert len(set(texts(11))) == 11


def test_a_text_of_twice_the_sentences_begins_with_the_shorter_one():
    assert text_of(4).startswith(text_of(2))
    assert sum(text_of(32).count(mark) for mark in ".?!") == 32


def test_both_networks_get_what_their_graphs_take():
    work = tacotron2.work(VOICE, steps=10)
    rows, steps, *units = work.inputs["dropout"].shape
    assert (rows, steps, units, work.amount) == (4, 10, [2, 128], 20)
    assert set(np.unique(work.inputs["dropout"])) == {0.0, 1.0}
    work = waveglow.work(VOICE, frames=10)
    assert work.inputs["mel"].shape == (1, 80, 10)
    assert work.inputs["z"].shape == (1, 16, 160)
