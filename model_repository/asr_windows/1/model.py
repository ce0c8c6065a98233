"""Recordings of any length to log-probabilities: validate, find speech, recognise in windows, join."""

from __future__ import annotations

import numpy as np
import triton_python_backend_utils as pb_utils

from tritone.audio.validation import valid_samples
from tritone.python_backend.calls import backpressure_of, bind_partners
from tritone.python_backend.configuration import Parameters, own_version, version_folder
from tritone.python_backend.requests import Interface
from tritone.python_backend.responses import pad_rows
from tritone.python_backend.threads import RequestThreads, ThreadedModel
from tritone.recognition.loading import load_recognizer
from tritone.recognition.parameters import ON, VAD, vad_parameter


class TritonPythonModel(ThreadedModel):
    def initialize(self, args):
        parameters = Parameters(args)
        self._max_audio_s = parameters.number("max_audio_s")
        bind = bind_partners(parameters, own_version(args))
        self._recognizer = load_recognizer(version_folder(args), parameters, bind)
        ahead = parameters.count("requests_in_flight")
        backpressure = None
        if parameters.has("next_model"):
            backpressure = backpressure_of(parameters.name("next_model"), "transcript", ahead)
        interface = Interface(["audio", "audio_length"], [vad_parameter(parameters)])
        self.threads = RequestThreads(interface, self._recognize, parameters, backpressure)

    def _recognize(self, request):
        audio, lengths = request.inputs["audio"], request.inputs["audio_length"][:, 0]
        checked = [
            valid_samples(row, int(n), self._max_audio_s) for row, n in zip(audio, lengths, strict=True)
        ]
        only_speech = request.parameters[VAD] == ON
        rows = [
            self._recognizer.recognise(samples, request.is_cancelled, only_speech=only_speech)
            for samples in checked
        ]
        return [
            pb_utils.Tensor("log_probs", pad_rows([row.log_probs for row in rows])),
            pb_utils.Tensor("labels", pad_rows([row.columns for row in rows])),
            pb_utils.Tensor("log_probs_length", np.array([[len(row)] for row in rows], np.int64)),
        ]
