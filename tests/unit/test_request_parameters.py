import json

import pytest

from tritone.errors import ParameterError
from tritone.request_parameters import LARGEST_INTEGER, Choice, Decimal, Integer, read_parameters

SEED = Integer("seed", 0, LARGEST_INTEGER, None)
SPEED = Decimal("speed", 0.5, 2, 1)
DECODER = Choice("decoder", ("beam", "greedy"), "beam")


def read(**sent):
    return read_parameters([SEED, SPEED, DECODER], sent)


def test_omitted_parameters_have_their_defaults():
    assert read() == {"seed": None, "speed": 1, "decoder": "beam"}


def test_parameters_that_are_not_declared_are_ignored():
    assert read(priority=3, anything="x") == read()


@pytest.mark.parametrize("value", [0, 1, "0", "7", LARGEST_INTEGER, str(LARGEST_INTEGER)])
def test_whole_numbers_are_read(value):
    assert read(seed=value)["seed"] == int(value)


@pytest.mark.parametrize(
    "value",
    [-1, LARGEST_INTEGER + 1, 1.5, 2.0, True, None, "", "1.0", "seven", " 7", "1_0", "٣", "9" * 30, [1]],
)
def test_other_values_are_not_whole_numbers(value):
    with pytest.raises(
        ParameterError, match="parameter seed: expected a whole number from 0 to 92233720368547"
    ):
        read(seed=value)


def test_ranges_include_both_ends_and_nothing_beyond():
    for value in (0.5, 2, "0.5", "2", 1.25):
        assert read(speed=value)["speed"] == float(value)
    for value in (0.49, 2.01, "3", -1, 1e9):
        with pytest.raises(ParameterError, match=r"parameter speed: expected a number from 0.5 to 2, got"):
            read(speed=value)


@pytest.mark.parametrize("text", ["0.8", ".8", "8e-1", "+0.8", "0.80"])
def test_decimals_may_be_sent_as_text(text):
    assert read(speed=text)["speed"] == pytest.approx(0.8)


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "", "fast", "0,8", "0x1", True, None, [], {}])
def test_other_values_are_not_numbers(value):
    with pytest.raises(ParameterError, match="parameter speed"):
        read(speed=value)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999"])
def test_json_numbers_that_are_not_finite_are_rejected(text):
    with pytest.raises(ParameterError, match="parameter speed"):
        read(speed=json.loads(text))


def test_one_of_the_choices_is_read():
    assert read(decoder="greedy")["decoder"] == "greedy"


@pytest.mark.parametrize("value", ["Beam", "", 1, True, None, ["beam"]])
def test_other_values_are_not_choices(value):
    with pytest.raises(ParameterError, match="parameter decoder: expected one of beam, greedy, got"):
        read(decoder=value)


def test_an_error_has_the_rule_the_value_and_the_remedy_on_one_short_line():
    with pytest.raises(ParameterError) as rejected:
        read(speed="9" * 10_000)
    assert str(rejected.value) == (
        f"parameter speed: expected a number from 0.5 to 2, got '{'9' * 36}...; "
        "send such a value, or omit it for the default, 1."
    )
