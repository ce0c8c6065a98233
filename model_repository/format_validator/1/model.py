"""Validate the requested audio format before the text is synthesised."""

from __future__ import annotations

import numpy as np
import triton_python_backend_utils as pb_utils

from tritone.audio.encoding import read_format
from tritone.python_backend.requests import Interface
from tritone.python_backend.responses import respond, text_column

INTERFACE = Interface(["format", "text"])


class TritonPythonModel:
    def execute(self, requests):
        return [respond(request, INTERFACE, self._check) for request in requests]

    def _check(self, request):
        formats = [read_format(data) for (data,) in request.inputs["format"]]
        return [
            pb_utils.Tensor("valid_format", text_column(formats)),
            pb_utils.Tensor("text_to_speak", np.array(request.inputs["text"], dtype=object)),
        ]
