"""Synthesis calls are built and their answers read without any network."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tritone_client import InvalidRequestError, ServerError, calls, synthesis
from tritone_client.synthesis import FORMATS, LARGEST_SEED, SynthesisOptions


def answer(**changes):
    tensors = {
        "audio": np.array([[0.5, -0.5, 0.25, 0, 0]], np.float32),
        "audio_length": np.array([[3]], np.int64),
        "sample_rate_hz": np.array([[2]], np.int32),
    }
    return calls.Outputs("text_to_speech", {**tensors, **changes}.get)


def test_a_text_travels_as_utf_8():
    call = synthesis.speech("größe", SynthesisOptions())
    (tensor,) = call.inputs
    assert (call.model, tensor.name) == ("text_to_speech", "text")
    assert tensor.array.tolist() == [["größe".encode()]]


@pytest.mark.parametrize("format_", FORMATS)
def test_a_format_travels_beside_the_text(format_):
    call = synthesis.audio_file("hello", format_, SynthesisOptions())
    text, format_tensor = call.inputs
    assert (call.model, text.name, format_tensor.name) == ("text_to_audio", "text", "format")
    assert format_tensor.array.tolist() == [[format_.encode()]]


def test_samples_end_where_the_servers_padding_begins_and_may_be_changed():
    speech = synthesis.speech("hello", SynthesisOptions()).decode(answer())
    assert speech.samples.tolist() == [0.5, -0.5, 0.25]
    assert (speech.samples.dtype, speech.sample_rate_hz, speech.duration_s) == (np.float32, 2, 1.5)
    speech.samples[:] = 0


def test_what_is_left_to_the_server_is_not_sent():
    assert SynthesisOptions().parameters() == {}
    assert SynthesisOptions(seed=0, denoise=0).parameters() == {"seed": 0, "denoise": 0.0}


def test_numbers_of_any_kind_travel_as_plain_ones():
    options = SynthesisOptions(np.int64(7), np.float32(0.5), Fraction(1, 4), 1)
    parameters = options.parameters()
    assert parameters == {"seed": 7, "speed": 0.5, "sigma": 0.25, "denoise": 1.0}
    assert [type(value) for value in parameters.values()] == [int, float, float, float]


@pytest.mark.parametrize(
    "options",
    [{"seed": 0}, {"seed": LARGEST_SEED}, {"speed": 0.5}, {"speed": 2}, {"sigma": 0}, {"denoise": 1.0}],
)
def test_the_ends_of_a_range_are_inside(options):
    SynthesisOptions(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "^seed: expected a whole number from 0 to 9223372036854775807, got -1"),
        ({"seed": 2**63}, "^seed: .* got 9223372036854775808"),
        ({"speed": 0.49}, r"^speed: expected a number from 0\.5 to 2, got 0\.49"),
        ({"speed": 2.01}, r"^speed: .* got 2\.01"),
        ({"speed": float("nan")}, "^speed: .* got nan"),
        ({"sigma": -0.1}, "^sigma: expected a number from 0 to 1, got -0.1"),
        ({"sigma": float("inf")}, "^sigma: .* got inf"),
        ({"denoise": 1.5}, r"^denoise: expected a number from 0 to 1, got 1\.5"),
    ],
)
def test_a_number_out_of_range_is_refused_by_its_name(options, message):
    with pytest.raises(InvalidRequestError, match=message):
        SynthesisOptions(**options)


@pytest.mark.parametrize("value", ["7", True, [7], 1j])
@pytest.mark.parametrize("name", ["seed", "speed", "sigma", "denoise"])
def test_what_is_no_number_is_a_type_error(name, value):
    with pytest.raises(TypeError, match=f"^{name}: expected a .*number, got {type(value).__name__}"):
        SynthesisOptions(**{name: value})


def test_a_seed_with_a_fraction_is_a_type_error():
    with pytest.raises(TypeError, match=r"^seed: expected a whole number, got float"):
        SynthesisOptions(seed=7.0)


def test_an_unknown_format_is_refused_with_those_there_are():
    with pytest.raises(InvalidRequestError, match=r"^format: .* wav, flac, ogg, mp3, pcm, got 'aiff'"):
        synthesis.audio_file("hello", "aiff", SynthesisOptions())


def test_a_text_that_is_not_unicode_is_refused_without_repeating_it():
    with pytest.raises(InvalidRequestError, match=r"^text: expected valid Unicode") as error:
        synthesis.speech("secret \udcff", SynthesisOptions())
    assert "secret" not in str(error.value)


def test_what_is_no_text_is_a_type_error():
    with pytest.raises(TypeError, match=r"^text: expected str, got bytes"):
        synthesis.speech(b"hello", SynthesisOptions())


@pytest.mark.parametrize("name", ["audio", "audio_length", "sample_rate_hz"])
def test_an_answer_outside_the_contract_names_the_tensor(name):
    with pytest.raises(ServerError, match=f"text_to_speech: expected output {name}"):
        synthesis.speech("hello", SynthesisOptions()).decode(answer(**{name: None}))
