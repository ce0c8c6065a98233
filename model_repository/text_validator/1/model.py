"""Validate a text from a client, which unlike a recognised one must not be empty."""

from __future__ import annotations

import triton_python_backend_utils as pb_utils

from tritone.punctuation.transcript import read_transcript, require_words
from tritone.python_backend.calls import backpressure_of
from tritone.python_backend.configuration import Parameters
from tritone.python_backend.metrics import show_restarts
from tritone.python_backend.requests import Interface
from tritone.python_backend.responses import text_column
from tritone.python_backend.threads import RequestThreads, ThreadedModel


class TritonPythonModel(ThreadedModel):
    def initialize(self, args):
        parameters = Parameters(args)
        self._max_characters = parameters.count("max_characters")
        ahead = parameters.count("requests_in_flight")
        backpressure = backpressure_of(parameters.name("next_model"), "transcript", ahead)
        self._restarts = show_restarts()
        self.threads = RequestThreads(Interface(["transcript"]), self._check, parameters, backpressure)

    def _check(self, request):
        texts = [
            require_words(read_transcript(data, self._max_characters))
            for (data,) in request.inputs["transcript"]
        ]
        return [pb_utils.Tensor("valid_transcript", text_column(texts))]
