"""Checks the audio format that a caller asks for, before the text goes on to be spoken."""

from __future__ import annotations

import numpy as np
import triton_python_backend_utils as pb_utils

from tritone.audio.encoding import read_format
from tritone.python_backend.responses import respond, text_column


class TritonPythonModel:
    def execute(self, requests):
        return [respond(request, ["format", "text"], self._check) for request in requests]

    def _check(self, inputs):
        formats = [read_format(data) for (data,) in inputs["format"]]
        return [
            pb_utils.Tensor("valid_format", text_column(formats)),
            pb_utils.Tensor("text_to_speak", np.array(inputs["text"], dtype=object)),
        ]
