"""Recordings of any length to log-probabilities: checks, overlapping windows, acoustic model, join."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import triton_python_backend_utils as pb_utils

from tritone.audio.validation import valid_samples
from tritone.concurrency import map_ahead
from tritone.python_backend.calls import bind_model, hand_on_to
from tritone.python_backend.configuration import Parameters, own_version, version_folder
from tritone.python_backend.responses import RequestThreads, pad_rows
from tritone.recognition.windows import AcousticFrames, WindowedRecognizer


class TritonPythonModel:
    def initialize(self, args):
        parameters, version = Parameters(args), own_version(args)
        self._features = bind_model(
            "asr_features", ["audio", "audio_length"], ["features", "features_length"], version=version
        )
        self._network = bind_model(
            "asr_quartznet",
            ["features", "features_length"],
            ["log_probs", "log_probs_length"],
            version=version,
        )
        self._max_audio_s = parameters.number("max_audio_s")
        requests, windows = parameters.count("requests_in_flight"), parameters.count("windows_in_flight")
        self._recognizer = WindowedRecognizer(
            AcousticFrames.load(version_folder(args) / "windows.json"),
            self._acoustics,
            parameters.number("window_s"),
            parameters.number("overlap_s"),
            partial(map_ahead, ThreadPoolExecutor(requests * windows), windows),
        )
        handover = hand_on_to("punctuation_windows", "transcript", requests)
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
        rows = [self._recognizer.log_probs(samples, work.is_cancelled) for samples in checked]
        frames = np.array([[len(row)] for row in rows], np.int64)
        return [pb_utils.Tensor("log_probs", pad_rows(rows)), pb_utils.Tensor("log_probs_length", frames)]

    def _acoustics(self, samples):
        features = self._features(samples[np.newaxis], np.array([[samples.size]], np.int64))
        log_probs, frames = self._network(*features)
        return log_probs[0, : frames[0, 0]].copy()
