"""Synthesise the utterances of a text: seeded noise, networks, pauses in between."""

from __future__ import annotations

import numpy as np
import triton_python_backend_utils as pb_utils

from tritone.python_backend.calls import bind_partners
from tritone.python_backend.configuration import Parameters, own_version, version_folder
from tritone.python_backend.requests import Interface
from tritone.python_backend.responses import pad_rows
from tritone.python_backend.threads import RequestThreads, ThreadedModel
from tritone.synthesis.loading import load_synthesizer
from tritone.synthesis.parameters import SynthesisParameters
from tritone.synthesis.utterances import read_utterances


class TritonPythonModel(ThreadedModel):
    def initialize(self, args):
        parameters = Parameters(args)
        bind = bind_partners(parameters, own_version(args))
        self._synthesizer = load_synthesizer(version_folder(args), parameters, bind)
        interface = Interface(["symbols", "symbols_length", "pause_s"], self._synthesizer.parameters)
        self.threads = RequestThreads(interface, self._speak, parameters)

    def _speak(self, request):
        parameters = SynthesisParameters(**request.parameters)
        rows = self._synthesizer.speak(read_utterances(**request.inputs), parameters, request.is_cancelled)
        rates = np.full((len(rows), 1), self._synthesizer.voice.sample_rate_hz, np.int32)
        return [
            pb_utils.Tensor("audio", pad_rows(rows)),
            pb_utils.Tensor("audio_length", np.array([[row.size] for row in rows], np.int64)),
            pb_utils.Tensor("sample_rate_hz", rates),
        ]
