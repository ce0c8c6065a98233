"""Speak texts in chunks, and texts that arrive in pieces sentence by sentence."""

from __future__ import annotations

import numpy as np
import triton_python_backend_utils as pb_utils

from tritone.python_backend.calls import bind_partners, when_admitted
from tritone.python_backend.configuration import Parameters, own_version, version_folder
from tritone.python_backend.requests import Interface
from tritone.python_backend.streams import StreamingModel, StreamThreads
from tritone.speaking.spoken_text import SpokenText, StreamLimits
from tritone.synthesis.loading import load_streaming
from tritone.synthesis.parameters import SynthesisParameters


class TritonPythonModel(StreamingModel):
    def initialize(self, args):
        parameters = Parameters(args)
        bind = bind_partners(parameters, own_version(args))
        synthesizer, tokenize = load_streaming(version_folder(args), parameters, bind)
        limits = StreamLimits.of(parameters)
        self._parts = synthesizer, tokenize, when_admitted(tokenize), limits
        self._rate = np.array([[synthesizer.voice.sample_rate_hz]], np.int32)
        interface = Interface(["text"], synthesizer.parameters)
        self.threads = StreamThreads(interface, self._speak, parameters)

    def _speak(self, stream):
        spoken = None
        for piece in stream:
            request = piece.request
            request.require_client()
            if spoken is None:
                parameters = SynthesisParameters(**request.parameters)
                spoken = SpokenText(*self._parts, parameters, stream.is_cancelled)
            data = request.inputs["text"][0, 0]
            for chunk in spoken.add(data, first=piece.first, last=piece.last):
                tensors = [
                    pb_utils.Tensor("audio", chunk[np.newaxis]),
                    pb_utils.Tensor("sample_rate_hz", self._rate),
                ]
                piece.sender.send_part(pb_utils.InferenceResponse(tensors))
            piece.sender.finish()
