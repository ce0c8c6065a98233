"""Declared request parameters reach any model: directly, as a step of an ensemble, or from another model."""

from __future__ import annotations

import textwrap

import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from tritone.server import Ports, ServerOptions, TritonServer

from .conftest import tensor, text

TENSORS = """
    input [ {{ name: "{input}" data_type: TYPE_STRING dims: [ 1 ] }} ]
    output [ {{ name: "{output}" data_type: TYPE_STRING dims: [ 1 ] }} ]
"""
DECODER = """
    import triton_python_backend_utils as pb_utils

    from tritone.python_backend.requests import Interface
    from tritone.python_backend.responses import respond, text_column
    from tritone.request_parameters import Choice, Integer

    INTERFACE = Interface(["x"], [Choice("decoder", ("beam", "greedy"), "beam"), Integer("width", 1, 9, 4)])


    class TritonPythonModel:
        def execute(self, requests):
            return [respond(request, INTERFACE, self._show) for request in requests]

        def _show(self, request):
            shown = "{decoder} {width}".format(**request.parameters)
            return [pb_utils.Tensor("y", text_column([shown] * len(request.inputs["x"])))]
"""
CALLER = """
    import triton_python_backend_utils as pb_utils

    from tritone.python_backend.calls import bind_model
    from tritone.python_backend.configuration import Parameters
    from tritone.python_backend.requests import Interface
    from tritone.python_backend.threads import RequestThreads, ThreadedModel
    from tritone.request_parameters import Integer


    class TritonPythonModel(ThreadedModel):
        def initialize(self, args):
            self._decode = bind_model("decoder", ["x"], ["y"], version=1)
            interface = Interface(["x"], [Integer("width", 1, 9, 2)])
            self.threads = RequestThreads(interface, self._call, Parameters(args))

        def _call(self, request):
            (y,) = self._decode(request.inputs["x"], decoder="greedy", **request.parameters)
            return [pb_utils.Tensor("y", y)]
"""
STEP = """
    platform: "ensemble"
    ensemble_scheduling {{ step [ {{
        model_name: "{model}" model_version: -1
        input_map {{ key: "x" value: "a" }} output_map {{ key: "y" value: "b" }}
    }} ] }}
"""


@pytest.fixture(scope="module")
def decode(tmp_path_factory):
    """Return a function that calls a model with request parameters and returns its text."""
    folder = tmp_path_factory.mktemp("models")

    def add(name, config, code=None):
        (folder / name / "1").mkdir(parents=True)
        (folder / name / "config.pbtxt").write_text(f'name: "{name}" max_batch_size: 8 {config}')
        if code is not None:
            (folder / name / "1/model.py").write_text(textwrap.dedent(code))

    python = 'backend: "python"' + TENSORS.format(input="x", output="y")
    add("decoder", python, DECODER)
    threads = 'parameters { key: "requests_in_flight" value { string_value: "2" } }'
    add("caller", python + threads, CALLER)
    for model in ("decoder", "caller"):
        add(f"{model}_pipeline", STEP.format(model=model) + TENSORS.format(input="a", output="b"))
    options = ServerOptions(repositories=[folder], ports=Ports.free())
    with TritonServer(options) as server, triton.InferenceServerClient(server.grpc_url) as client:

        def call(model, **parameters):
            source, target = ("a", "b") if model.endswith("_pipeline") else ("x", "y")
            result = client.infer(model, [tensor(source, text("hello"))], parameters=parameters)
            return result.as_numpy(target)[0, 0].decode()

        yield call


@pytest.mark.parametrize("model", ["decoder", "decoder_pipeline"])
def test_a_model_reads_its_parameters_directly_and_as_a_step(decode, model):
    assert decode(model) == "beam 4"
    assert decode(model, decoder="greedy", width=7, other="x") == "greedy 7"


@pytest.mark.parametrize("model", ["caller", "caller_pipeline"])
def test_a_model_passes_parameters_to_the_model_that_it_calls(decode, model):
    assert decode(model) == "greedy 2"
    assert decode(model, width="9") == "greedy 9"


@pytest.mark.parametrize("model", ["decoder", "decoder_pipeline", "caller", "caller_pipeline"])
def test_a_parameter_out_of_range_is_an_error_of_the_caller(decode, model):
    with pytest.raises(
        InferenceServerException, match="parameter width: expected a whole number"
    ) as rejected:
        decode(model, width=10)
    assert rejected.value.status() == "StatusCode.INVALID_ARGUMENT"
    assert decode(model, width=9).endswith(" 9")
