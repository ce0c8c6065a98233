"""Utterances of a text to speech: seeded noise, networks, pauses between them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import triton_python_backend_utils as pb_utils

from tritone.concurrency import map_ahead
from tritone.python_backend.calls import bind_model
from tritone.python_backend.configuration import Parameters, own_version, version_folder
from tritone.python_backend.responses import RequestThreads, pad_rows
from tritone.synthesis.limits import StepLimit
from tritone.synthesis.parameters import SynthesisParameters
from tritone.synthesis.spectrograms import SpectrogramDecoder
from tritone.synthesis.speech import SpeechSynthesizer
from tritone.synthesis.utterances import read_utterances
from tritone.synthesis.vocoding import Vocoder
from tritone.synthesis.voice import Voice


class TritonPythonModel:
    def initialize(self, args):
        parameters, folder = Parameters(args), version_folder(args)
        self._voice = Voice.load(folder / "tacotron2.json", folder / "waveglow.json")
        version = own_version(args)
        decode = bind_model(
            "tts_tacotron2",
            ["symbols", "symbols_length", "dropout"],
            ["mel", "mel_length"],
            version=version,
        )
        vocode = bind_model("tts_waveglow", ["mel", "mel_length", "z"], ["audio"], version=version)
        denoise = bind_model(
            "tts_denoiser", ["audio", "audio_length", "strength"], ["audio"], version=version
        )
        limit = StepLimit(parameters.number("base_s"), parameters.number("longest_symbol_s"))
        requests, batches = parameters.count("requests_in_flight"), parameters.count("batches_in_flight")
        utterances = parameters.count("utterances_in_flight")
        self._synthesizer = SpeechSynthesizer(
            SpectrogramDecoder(self._voice, decode, limit, parameters.count("symbols_bucket")),
            Vocoder(self._voice, vocode, denoise, parameters.count("frames_bucket")),
            parameters.count("utterances_per_batch"),
            partial(map_ahead, ThreadPoolExecutor(requests * batches), batches),
            partial(map_ahead, ThreadPoolExecutor(requests * batches * utterances), utterances),
        )
        self._threads = RequestThreads(["symbols", "symbols_length", "pause_s"], self._speak, parameters)

    def execute(self, requests):
        self._threads.execute(requests)

    def finalize(self):
        self._threads.close()

    def _speak(self, work):
        parameters = SynthesisParameters.read(work.parameters, self._voice.sigma)
        rows = self._synthesizer.speak(read_utterances(**work.inputs), parameters, work.is_cancelled)
        rates = np.full((len(rows), 1), self._voice.sample_rate_hz, np.int32)
        return [
            pb_utils.Tensor("audio", pad_rows(rows)),
            pb_utils.Tensor("audio_length", np.array([[row.size] for row in rows], np.int64)),
            pb_utils.Tensor("sample_rate_hz", rates),
        ]
