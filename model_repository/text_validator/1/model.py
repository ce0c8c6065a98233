"""Checks a text from a caller; a recognised one may be empty (silence), a caller's may not."""

from __future__ import annotations

import triton_python_backend_utils as pb_utils

from tritone.punctuation.transcript import read_transcript, require_words
from tritone.python_backend.configuration import Parameters
from tritone.python_backend.responses import respond, text_column


class TritonPythonModel:
    def initialize(self, args):
        self._max_characters = Parameters(args).count("max_characters")

    def execute(self, requests):
        return [respond(request, ["transcript"], self._check) for request in requests]

    def _check(self, inputs):
        texts = [
            require_words(read_transcript(data, self._max_characters)) for (data,) in inputs["transcript"]
        ]
        return [pb_utils.Tensor("valid_transcript", text_column(texts))]
