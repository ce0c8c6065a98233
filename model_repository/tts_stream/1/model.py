"""Speak texts in chunks, and texts that arrive in pieces sentence by sentence."""

from __future__ import annotations

import numpy as np
import triton_python_backend_utils as pb_utils

from tritone.python_backend.calls import bind_partners
from tritone.python_backend.configuration import Parameters, own_version, version_folder
from tritone.python_backend.requests import Interface
from tritone.python_backend.streams import StreamingModel, StreamThreads
from tritone.synthesis.loading import load_streaming, stream_limits
from tritone.synthesis.parameters import SynthesisParameters
from tritone.synthesis.spoken_text import SpokenText


class TritonPythonModel(StreamingModel):
    def initialize(self, args):
        parameters = Parameters(args)
        bind = bind_partners(parameters, own_version(args))
        self._voice = load_streaming(version_folder(args), parameters, bind)
        self._limits = stream_limits(parameters)
        self._rate = np.array([[self._voice[0].voice.sample_rate_hz]], np.int32)
        interface = Interface(["text"], self._voice[0].parameters)
        self.threads = StreamThreads(interface, self._speak, parameters)

    def _speak(self, stream):
        spoken = None
        for piece in stream:
            request = piece.request
            request.require_client()
            if spoken is None:
                parameters = SynthesisParameters(**request.parameters)
                spoken = SpokenText(*self._voice, self._limits, parameters, stream.is_cancelled)
            data = request.inputs["text"][0, 0]
            for chunk in spoken.add(data, first=piece.first, last=piece.last):
                tensors = [
                    pb_utils.Tensor("audio", chunk[np.newaxis]),
                    pb_utils.Tensor("sample_rate_hz", self._rate),
                ]
                piece.sender.send_part(pb_utils.InferenceResponse(tensors))
            piece.sender.finish()
