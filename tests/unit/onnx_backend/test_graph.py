import pytest
from onnx import TensorProto

from tritone.errors import ArtifactError
from tritone.onnx_backend.graph import check_graph


def test_a_matching_graph_passes(session, config):
    check_graph(session(), config)


def test_outputs_may_be_omitted(session, config):
    del config["output"][1]
    check_graph(session(), config)


def test_a_variable_dimension_of_an_input_may_be_fixed_in_the_config(session, config):
    config["output"][0]["dims"] = ["-1"]
    for dims in (["-1"], ["3"]):
        config["input"][0]["dims"] = dims
        check_graph(session(width="width"), config)


def test_a_variable_dimension_of_an_output_must_vary_in_the_config_too(session, config):
    with pytest.raises(ArtifactError, match=r"output 'y'.*\[-1, 3\] \(batch first\).*\[-1, -1\]"):
        check_graph(session(width="width"), config)


def test_a_model_without_batching_declares_its_first_dimension(session, config):
    config["max_batch_size"] = 0
    config["input"][0]["dims"] = config["output"][0]["dims"] = ["-1", "3"]
    config["output"][1]["dims"] = ["-1", "1"]
    check_graph(session(), config)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c["input"][0].update(name="z"), "input 'x': the graph needs it"),
        (lambda c: c["output"][0].update(name="z"), r"output 'z'.*graph outputs: total, y"),
        (lambda c: c["input"][0].update(dims=["4"]), r"input 'x'.*\[-1, 4\] \(batch first\).*\[-1, 3\]"),
        (lambda c: c["input"][0].update(dims=["-1"]), "input 'x'"),
        (lambda c: c["input"][0].update(dims=["1", "3"]), "input 'x'"),
        (lambda c: c["output"][1].update(dims=["2"]), "output 'total'"),
        (
            lambda c: c["input"][0].update(data_type="TYPE_INT64"),
            r"TYPE_INT64 but the graph has tensor\(float\)",
        ),
        (lambda c: c["input"][0].update(data_type="TYPE_STRING"), "TYPE_STRING is not supported"),
    ],
)
def test_disagreement_names_model_and_tensor(session, config, change, says):
    change(config)
    with pytest.raises(ArtifactError, match=f"model 'adder'.*{says}" if "adder" not in says else says):
        check_graph(session(), config)


def test_batching_needs_a_variable_first_dimension(session, config):
    with pytest.raises(ArtifactError, match="variable first dimension"):
        check_graph(session(batch=1), config)


def test_float_types_are_distinguished(session, config):
    with pytest.raises(ArtifactError, match="double"):
        check_graph(session(dtype=TensorProto.DOUBLE), config)
