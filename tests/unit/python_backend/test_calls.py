import json

import numpy as np
import pytest
import triton_python_backend_utils as pb_utils

from tritone.errors import ModelLostError, wire_status
from tritone.model_parameters import Parameters
from tritone.python_backend import calls
from tritone.python_backend.calls import CallError, bind_model, bind_partners, when_admitted

DEAD = "Stub process 'asr_features_0' is not healthy."


class Response:
    def __init__(self, answer):
        self.answer = answer

    def has_error(self):
        return isinstance(self.answer, str)

    def error(self):
        return pb_utils.TritonError(self.answer, pb_utils.TritonError.INTERNAL)


@pytest.fixture
def model(monkeypatch):
    """A model that gives these answers, one per call: an error's message, or its outputs by name."""
    answers, sent = [], []

    class InferenceRequest:
        def __init__(self, **fields):
            self.fields = fields

        def exec(self):
            sent.append(self.fields)
            return Response(answers.pop(0))

    class PreferredMemory:
        def __init__(self, kind):
            pass

    now = [0.0]
    monkeypatch.setattr(pb_utils, "InferenceRequest", InferenceRequest, raising=False)
    monkeypatch.setattr(pb_utils, "PreferredMemory", PreferredMemory, raising=False)
    monkeypatch.setattr(pb_utils, "TRITONSERVER_MEMORY_CPU", 0, raising=False)
    outputs = lambda response, name: pb_utils.Tensor(name, response.answer[name])  # noqa: E731
    monkeypatch.setattr(pb_utils, "get_output_tensor_by_name", outputs, raising=False)
    monkeypatch.setattr(calls.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(calls.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return answers, sent


def call(**parameters):
    features = bind_model("asr_features", ["audio"], ["features"], version=3)
    return features(np.ones((1, 2), np.float32), **parameters)


def test_a_call_has_model_version_tensors_and_parameters(model):
    answers, sent = model
    answers.append({"features": np.zeros(3)})
    (features,) = call(seed=5)
    assert features.tolist() == [0, 0, 0]
    (fields,) = sent
    assert (fields["model_name"], fields["model_version"]) == ("asr_features", 3)
    assert fields["requested_output_names"] == ["features"]
    assert [tensor.name() for tensor in fields["inputs"]] == ["audio"]
    assert fields["parameters"] == {"seed": 5}


def test_partners_are_called_in_the_callers_version_and_shared_ones_in_their_newest(model):
    answers, sent = model
    named = {"acoustic_model": "asr_quartznet", "voice_activity_model": "voice_activity"}
    entries = {name: {"string_value": value} for name, value in named.items()}
    config = json.dumps({"parameters": entries})
    bind = bind_partners(Parameters({"model_name": "asr_windows", "model_config": config}), 3)
    for name in named.values():
        answers.append({"out": np.zeros(1)})
        bind(name, ["audio"], ["out"])(np.ones((1, 2), np.float32))
    assert [(fields["model_name"], fields["model_version"]) for fields in sent] == [
        ("asr_quartznet", 3),
        ("voice_activity", -1),
    ]


def test_a_call_that_meets_a_dead_process_is_repeated(model):
    answers, sent = model
    answers.extend([DEAD, "Stub process is not healthy.", {"features": np.zeros(3)}])
    call()
    assert len(sent) == 3


def test_a_model_that_stays_dead_is_unavailable(model):
    answers, _ = model
    answers.extend([DEAD] * 100)
    with pytest.raises(ModelLostError, match=r"asr_features: expected a living process within 10 s") as lost:
        call()
    assert wire_status(lost.value).grpc == "UNAVAILABLE"


def later(**parameters):
    """Call the model for work that has begun."""
    features = when_admitted(bind_model("asr_features", ["audio"], ["features"], version=3))
    return features(np.ones((1, 2), np.float32), **parameters)


def test_work_that_has_begun_waits_for_a_full_queue(model):
    answers, sent = model
    answers += ["expected at most 64 waiting requests, got one more; retry later."] * 2
    answers.append({"features": np.zeros((1, 1))})
    assert later()[0].shape == (1, 1)
    assert len(sent) == 3


def test_it_does_not_wait_after_another_error_or_for_ever(model):
    answers, sent = model
    answers.append("text: expected letters, got none; write some.")
    with pytest.raises(CallError):
        later()
    assert len(sent) == 1
    answers += ["expected at most 64 waiting requests, got one more; retry later."] * 100
    with pytest.raises(CallError):
        later()
    assert len(sent) < 50


def test_an_error_of_the_model_is_not_retried(model):
    answers, sent = model
    answers.append("audio: expected at most 480000 values")
    with pytest.raises(CallError, match="expected at most 480000 values"):
        call()
    assert len(sent) == 1
