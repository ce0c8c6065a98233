"""Punctuate texts of any length: overlapping token windows, one model call per batch, votes."""

from __future__ import annotations

import triton_python_backend_utils as pb_utils

from tritone.punctuation.loading import load_punctuator
from tritone.punctuation.transcript import read_transcript
from tritone.python_backend.calls import bind_partners
from tritone.python_backend.configuration import Parameters, own_version, version_folder
from tritone.python_backend.requests import Interface
from tritone.python_backend.responses import text_column
from tritone.python_backend.threads import RequestThreads, ThreadedModel


class TritonPythonModel(ThreadedModel):
    def initialize(self, args):
        parameters = Parameters(args)
        self._max_characters = parameters.count("max_characters")
        bind = bind_partners(parameters, own_version(args))
        self._restorer = load_punctuator(version_folder(args), parameters, bind)
        self.threads = RequestThreads(Interface(["transcript"]), self._restore, parameters)

    def _restore(self, request):
        rows = request.inputs["transcript"]
        transcripts = [read_transcript(data, self._max_characters) for (data,) in rows]
        texts = [self._restorer.restore(transcript, request.is_cancelled) for transcript in transcripts]
        column = text_column(texts)
        return [pb_utils.Tensor("text", column), pb_utils.Tensor("text_to_write", column)]
