"""Split a text into utterances, and these into the symbols of the spectrogram generator."""

from __future__ import annotations

import triton_python_backend_utils as pb_utils

from tritone.python_backend.configuration import Parameters, version_folder
from tritone.python_backend.requests import Interface
from tritone.python_backend.responses import text_column
from tritone.python_backend.threads import RequestThreads, ThreadedModel
from tritone.text.loading import load_tokenizer
from tritone.text.tokenization import CLOSING, stack_texts
from tritone.text.utterances import Closing


class TritonPythonModel(ThreadedModel):
    def initialize(self, args):
        parameters = Parameters(args)
        self._tokenizer = load_tokenizer(version_folder(args), parameters)
        self.threads = RequestThreads(Interface(["text"], [CLOSING]), self._tokenize, parameters)

    def _tokenize(self, request):
        closing = request.parameters[CLOSING.name]
        ends = Closing(closing) if closing else None
        texts = [self._tokenizer.tokenize(data, ends) for (data,) in request.inputs["text"]]
        symbols, symbols_length, pause_s = stack_texts(texts, self._tokenizer.pad_id)
        return [
            pb_utils.Tensor("symbols", symbols),
            pb_utils.Tensor("symbols_length", symbols_length),
            pb_utils.Tensor("pause_s", pause_s),
            pb_utils.Tensor("reading", text_column([text.reading for text in texts])),
        ]
