"""Encode samples as audio files."""

from __future__ import annotations

import numpy as np
import triton_python_backend_utils as pb_utils

from tritone.audio.encoding import encode_audio, read_format
from tritone.audio.validation import valid_part
from tritone.python_backend.configuration import Parameters
from tritone.python_backend.requests import Interface
from tritone.python_backend.responses import respond

INTERFACE = Interface(["audio", "audio_length", "sample_rate_hz", "format"])


class TritonPythonModel:
    def initialize(self, args):
        self._max_audio_s = Parameters(args).number("max_audio_s")

    def execute(self, requests):
        return [respond(request, INTERFACE, self._encode) for request in requests]

    def _encode(self, request):
        inputs = request.inputs
        formats = [read_format(data) for (data,) in inputs["format"]]
        lengths, rates = inputs["audio_length"][:, 0].tolist(), inputs["sample_rate_hz"][:, 0].tolist()
        rows = [valid_part(row, length) for row, length in zip(inputs["audio"], lengths, strict=True)]
        files = [[encode_audio(*item, self._max_audio_s)] for item in zip(rows, rates, formats, strict=True)]
        return [pb_utils.Tensor("audio_bytes", np.array(files, dtype=object))]
