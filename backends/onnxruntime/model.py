"""ONNX Runtime as a Python-based Triton backend, under the native backend's name and parameters."""

from __future__ import annotations

import json
from pathlib import Path

import triton_python_backend_utils as pb_utils

from tritone.errors import CancelledError
from tritone.onnx_backend.execution import Outcome, fault, run_pooled
from tritone.onnx_backend.graph import check_graph
from tritone.onnx_backend.limits import InputLimits
from tritone.onnx_backend.providers import open_session
from tritone.onnx_backend.settings import SessionSettings
from tritone.python_backend.responses import error_response


class TritonPythonModel:
    def initialize(self, args):
        config = json.loads(args["model_config"])
        folder = Path(args["model_repository"]) / args["model_version"]
        settings = SessionSettings.from_config(config)
        self._limits = InputLimits.from_config(config)
        graph = folder / (config["default_model_filename"] or "model.onnx")
        instance = args["model_instance_kind"], args["model_instance_device_id"]
        self._session = open_session(graph, settings.session_options(), config, *instance)
        check_graph(self._session, config)
        self._run_options = settings.run_options()
        self._max_batch_size = config["max_batch_size"]
        self._inputs = [tensor["name"] for tensor in config["input"]]
        self._outputs = [tensor["name"] for tensor in config["output"]]

    def execute(self, requests):
        answers, computed = {}, {}
        for index, request in enumerate(requests):
            try:
                computed[index] = self._tensors(request)
            except Exception as error:  # each request fails alone
                answers[index] = error_response(error)
        outcomes = run_pooled(list(computed.values()), self._run, self._max_batch_size)
        for index, outcome in zip(computed, outcomes, strict=True):
            answers[index] = self._response(requests[index], outcome)
        return [answers[index] for index in range(len(requests))]

    def _tensors(self, request):
        if request.is_cancelled():
            raise CancelledError("cancelled by the client")
        tensors = {name: pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in self._inputs}
        self._limits.check(tensors)
        return tensors

    def _run(self, tensors):
        return self._session.run(self._outputs, tensors, self._run_options)

    def _response(self, request, outcome: Outcome):
        if isinstance(outcome, Exception):
            return error_response(fault(outcome))
        wanted = request.requested_output_names()
        named = zip(self._outputs, outcome, strict=True)
        return pb_utils.InferenceResponse(
            [pb_utils.Tensor(name, array) for name, array in named if name in wanted]
        )
