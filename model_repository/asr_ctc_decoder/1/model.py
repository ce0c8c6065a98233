"""Decode log-probabilities to words with times and confidence."""

from __future__ import annotations

import triton_python_backend_utils as pb_utils

from tritone.contract import SAMPLE_RATE_HZ
from tritone.python_backend.configuration import Parameters, version_folder
from tritone.python_backend.requests import Interface
from tritone.python_backend.responses import pad_rows, respond, text_column, text_row
from tritone.recognition.decoder import Choices, Decoder, declared_parameters
from tritone.recognition.settings import SearchSettings

INPUTS = ["log_probs", "labels", "log_probs_length", "audio_length"]


class TritonPythonModel:
    def initialize(self, args):
        parameters = Parameters(args)
        self._max_audio_s = parameters.number("max_audio_s")
        self._decoder = Decoder.load(version_folder(args) / "ctc.json", SearchSettings.of(parameters))
        self._interface = Interface(INPUTS, declared_parameters(self._decoder.labels))

    def execute(self, requests):
        return [respond(request, self._interface, self._decode) for request in requests]

    def _decode(self, request):
        choices = Choices.of(request.parameters, self._decoder.default)
        durations = request.inputs["audio_length"][:, 0] / SAMPLE_RATE_HZ
        lengths = request.inputs["log_probs_length"][:, 0].tolist()
        rows = [
            self._decoder.frames(row, labels, length, self._max_audio_s)
            for row, labels, length in zip(
                request.inputs["log_probs"], request.inputs["labels"], lengths, strict=True
            )
        ]
        decoded = [self._decoder.decode(*item, choices) for item in zip(rows, durations, strict=True)]
        results = [item.words for item in decoded]
        transcripts = text_column([result.transcript for result in results])
        return [
            pb_utils.Tensor("transcript", transcripts),
            pb_utils.Tensor("transcript_to_punctuate", transcripts),
            pb_utils.Tensor("transcript_to_write", transcripts),
            pb_utils.Tensor("word", pad_rows([text_row(result.word) for result in results])),
            pb_utils.Tensor("word_start_s", pad_rows([result.start_s for result in results])),
            pb_utils.Tensor("word_end_s", pad_rows([result.end_s for result in results])),
            pb_utils.Tensor("word_confidence", pad_rows([result.confidence for result in results])),
            pb_utils.Tensor("word_times", pad_rows([result.times for result in results])),
            pb_utils.Tensor("alternative", pad_rows([text_row(item.alternatives) for item in decoded])),
            pb_utils.Tensor("alternative_score", pad_rows([item.scores for item in decoded])),
        ]
