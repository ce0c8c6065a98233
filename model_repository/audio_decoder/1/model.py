"""Whole audio files to 16 kHz mono samples."""

from __future__ import annotations

import numpy as np
import triton_python_backend_utils as pb_utils

from tritone.audio.decoding import decode_audio
from tritone.python_backend.configuration import Parameters
from tritone.python_backend.responses import pad_rows, respond


class TritonPythonModel:
    def initialize(self, args):
        self._max_audio_s = Parameters(args).number("max_audio_s")

    def execute(self, requests):
        return [respond(request, ["audio_bytes"], self._decode) for request in requests]

    def _decode(self, inputs):
        rows = [decode_audio(file, self._max_audio_s) for (file,) in inputs["audio_bytes"]]
        lengths = np.array([[row.size] for row in rows], np.int64)
        return [pb_utils.Tensor("audio", pad_rows(rows)), pb_utils.Tensor("audio_length", lengths)]
