import json

import pytest

from tritone.errors import ParameterError
from tritone.synthesis.parameters import LARGEST_SEED, SynthesisParameters


def read(**sent):
    return SynthesisParameters.read(sent, sigma=0.7)


def test_nothing_sent_gives_the_defaults():
    assert read() == SynthesisParameters(sigma=0.7, seed=None, speed=1.0, denoise=0.0)


def test_other_parameters_are_not_looked_at():
    assert read(priority=3, anything="x") == read()


@pytest.mark.parametrize("value", [0, 1, "0", "7", LARGEST_SEED, str(LARGEST_SEED)])
def test_whole_numbers_are_seeds(value):
    assert read(seed=value).seed == int(value)


@pytest.mark.parametrize(
    "value", [-1, LARGEST_SEED + 1, 1.5, 2.0, True, "", "1.0", "seven", " 7", "1_0", "٣", "9" * 30, [1]]
)
def test_anything_else_is_no_seed(value):
    with pytest.raises(
        ParameterError, match="parameter seed: expected a whole number from 0 to 92233720368547"
    ):
        read(seed=value)


@pytest.mark.parametrize(("name", "low", "high"), [("sigma", 0, 1), ("speed", 0.5, 2), ("denoise", 0, 1)])
def test_ranges_include_their_ends_and_nothing_beyond(name, low, high):
    for value in (low, high, str(low), str(high), (low + high) / 2):
        assert getattr(read(**{name: value}), name) == float(value)
    for value in (low - 0.01, high + 0.01, str(high + 1), -1, 1e9):
        with pytest.raises(
            ParameterError, match=f"parameter {name}: expected a number from {low:g} to {high:g}"
        ):
            read(**{name: value})


@pytest.mark.parametrize("text", ["0.8", ".8", "8e-1", "+0.8", "0.80"])
def test_decimals_may_be_sent_as_text(text):
    assert read(sigma=text).sigma == pytest.approx(0.8)


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "", "fast", "0,8", "0x1", True, None, [], {}])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ParameterError, match="parameter speed"):
        read(speed=value)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999"])
def test_json_numbers_that_are_not_finite_are_refused(text):
    with pytest.raises(ParameterError, match="parameter speed"):
        read(speed=json.loads(text))


def test_a_long_value_is_not_repeated_whole():
    with pytest.raises(ParameterError) as refused:
        read(sigma="9" * 10_000)
    assert len(str(refused.value)) < 200


def test_a_request_without_seed_speaks_every_text_with_fresh_noise():
    assert len({read().text_seed() for _ in range(10)}) == 10
    assert {read(seed=5).text_seed() for _ in range(10)} == {5}
