import json

import pytest

from tritone.errors import ArtifactError
from tritone.python_backend.configuration import Parameters


def parameters(**values):
    entries = {name: {"string_value": text} for name, text in values.items()}
    return Parameters({"model_name": "asr_windows", "model_config": json.dumps({"parameters": entries})})


def test_numbers_are_read():
    read = parameters(queue_timeout_s="0.5", queue_requests="64")
    assert (read.number("queue_timeout_s"), read.count("queue_requests")) == (0.5, 64)
    assert read.has("queue_requests")
    assert not read.has("window_s")


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "many", ""])
def test_a_value_that_is_not_a_positive_number_is_rejected_by_name(text):
    with pytest.raises(ArtifactError, match="model 'asr_windows', parameter window_s: expected a positive"):
        parameters(window_s=text).number("window_s")


def test_a_missing_number_is_rejected():
    with pytest.raises(ArtifactError, match=r"parameter window_s: .* got None"):
        parameters().number("window_s")


@pytest.mark.parametrize("text", ["0.5", "16.5"])
def test_a_count_is_whole(text):
    with pytest.raises(ArtifactError, match="parameter requests_in_flight: expected a whole number"):
        parameters(requests_in_flight=text).count("requests_in_flight")
