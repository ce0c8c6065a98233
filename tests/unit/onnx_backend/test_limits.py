import numpy as np
import pytest

from tritone.errors import ArtifactError, InputError
from tritone.onnx_backend.limits import InputLimits


def limits(config, **values):
    config["parameters"] |= {f"max_elements.{name}": {"string_value": text} for name, text in values.items()}
    return InputLimits.from_config(config)


def test_without_limits_any_input_but_an_empty_one_is_accepted(config):
    unbounded = limits(config)
    unbounded.check({"x": np.zeros((1, 10**6))})
    with pytest.raises(InputError, match=r"x: expected at least one element, got shape \[2, 0\]"):
        unbounded.check({"x": np.zeros((2, 0))})


def test_a_limit_covers_all_rows_of_a_request(config):
    bounded = limits(config, x="6")
    bounded.check({"x": np.zeros((2, 3))})
    with pytest.raises(InputError, match=r"x: expected at most 6 elements .* got 9 \(shape \[3, 3\]\); send"):
        bounded.check({"x": np.zeros((3, 3))})


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", ""])
def test_a_limit_is_a_positive_whole_number(config, text):
    with pytest.raises(ArtifactError, match=r"model 'adder', parameter max_elements\.x: expected a positive"):
        limits(config, x=text)


def test_a_limit_names_an_input(config):
    with pytest.raises(ArtifactError, match=r"max_elements.z: expected the name of an input, got 'z'"):
        limits(config, z="3")
