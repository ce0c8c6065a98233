"""Recordings of any length to log-probabilities: checks, overlapping windows, acoustic model, join."""

from __future__ import annotations

from functools import partial

import numpy as np
import triton_python_backend_utils as pb_utils

from tritone.audio.validation import valid_samples
from tritone.python_backend.calls import bind_model, hand_on_to
from tritone.python_backend.configuration import Parameters, own_version, version_folder
from tritone.python_backend.responses import RequestThreads, pad_rows
from tritone.recognition.loading import load_recognizer


class TritonPythonModel:
    def initialize(self, args):
        parameters = Parameters(args)
        self._max_audio_s = parameters.number("max_audio_s")
        bind = partial(bind_model, version=own_version(args))
        self._recognizer = load_recognizer(version_folder(args), parameters, bind)
        ahead = parameters.count("requests_in_flight")
        handover = None
        if parameters.has("next_model"):
            handover = hand_on_to(parameters.name("next_model"), "transcript", ahead)
        self._threads = RequestThreads(["audio", "audio_length"], self._recognize, parameters, handover)

    def execute(self, requests):
        self._threads.execute(requests)

    def finalize(self):
        self._threads.close()

    def _recognize(self, work):
        audio, lengths = work.inputs["audio"], work.inputs["audio_length"][:, 0]
        checked = [
            valid_samples(row, int(n), self._max_audio_s) for row, n in zip(audio, lengths, strict=True)
        ]
        rows = [self._recognizer.recognise(samples, work.is_cancelled) for samples in checked]
        return [
            pb_utils.Tensor("log_probs", pad_rows([row.log_probs for row in rows])),
            pb_utils.Tensor("labels", pad_rows([row.columns for row in rows])),
            pb_utils.Tensor("log_probs_length", np.array([[len(row)] for row in rows], np.int64)),
        ]
