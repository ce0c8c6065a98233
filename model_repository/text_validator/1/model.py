"""Checks a text from a caller; a recognised one may be empty (silence), a caller's may not."""

from __future__ import annotations

import triton_python_backend_utils as pb_utils

from tritone.punctuation.transcript import read_transcript, require_words
from tritone.python_backend.calls import hand_on_to
from tritone.python_backend.configuration import Parameters
from tritone.python_backend.metrics import show_restarts
from tritone.python_backend.responses import RequestThreads, text_column


class TritonPythonModel:
    def initialize(self, args):
        parameters = Parameters(args)
        self._max_characters = parameters.count("max_characters")
        ahead = parameters.count("requests_in_flight")
        handover = hand_on_to(parameters.name("next_model"), "transcript", ahead)
        self._restarts = show_restarts()
        self._threads = RequestThreads(["transcript"], self._check, parameters, handover)

    def execute(self, requests):
        self._threads.execute(requests)

    def finalize(self):
        self._threads.close()

    def _check(self, work):
        texts = [
            require_words(read_transcript(data, self._max_characters))
            for (data,) in work.inputs["transcript"]
        ]
        return [pb_utils.Tensor("valid_transcript", text_column(texts))]
