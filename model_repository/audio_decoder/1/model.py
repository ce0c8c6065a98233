"""Decode audio files to 16 kHz mono samples."""

from __future__ import annotations

import numpy as np
import triton_python_backend_utils as pb_utils

from tritone.audio.decoder_pool import DecoderPool
from tritone.contract import SAMPLE_RATE_HZ
from tritone.python_backend.configuration import Parameters
from tritone.python_backend.requests import Interface
from tritone.python_backend.responses import pad_rows
from tritone.python_backend.threads import RequestThreads, ThreadedModel


class TritonPythonModel(ThreadedModel):
    def initialize(self, args):
        parameters = Parameters(args)
        self._max_audio_s = parameters.number("max_audio_s")
        self._decoders = DecoderPool(parameters.count("requests_in_flight"))
        self.threads = RequestThreads(Interface(["audio_bytes"]), self._decode, parameters)

    def finalize(self):
        super().finalize()
        self._decoders.close()

    def _decode(self, request):
        rows = [self._decoders.decode(file, self._max_audio_s) for (file,) in request.inputs["audio_bytes"]]
        lengths = np.array([[row.size] for row in rows], np.int64)
        return [
            pb_utils.Tensor("audio", pad_rows(rows)),
            pb_utils.Tensor("audio_length", lengths),
            pb_utils.Tensor("duration_s", (lengths / SAMPLE_RATE_HZ).astype(np.float32)),
        ]
