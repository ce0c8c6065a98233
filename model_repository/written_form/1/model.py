"""Write recognised texts with figures: "two hundred dollars" as $200, with the times of the words."""

from __future__ import annotations

import triton_python_backend_utils as pb_utils

from tritone.python_backend.configuration import Parameters
from tritone.python_backend.requests import Interface
from tritone.python_backend.responses import pad_rows, text_column, text_row
from tritone.python_backend.threads import RequestThreads, ThreadedModel
from tritone.text.english.written import WrittenForm
from tritone.text.written_words import TimedText
from tritone.utf8 import decode_text


class TritonPythonModel(ThreadedModel):
    def initialize(self, args):
        parameters = Parameters(args)
        self._max_characters = parameters.count("max_characters")
        self._form = WrittenForm()
        self.threads = RequestThreads(Interface(["text", "word_times"]), self._write, parameters)

    def _write(self, request):
        rows = zip(request.inputs["text"], request.inputs["word_times"], strict=True)
        texts = [self._written(data, times, request.is_cancelled) for (data,), times in rows]
        return [
            pb_utils.Tensor("written_text", text_column([text.text for text in texts])),
            pb_utils.Tensor("written_word", pad_rows([text_row(text.word) for text in texts])),
            pb_utils.Tensor("written_word_start_s", pad_rows([text.times[:, 0] for text in texts])),
            pb_utils.Tensor("written_word_end_s", pad_rows([text.times[:, 1] for text in texts])),
            pb_utils.Tensor("written_word_confidence", pad_rows([text.times[:, 2] for text in texts])),
        ]

    def _written(self, data, times, is_cancelled):
        words = decode_text(data, "text", self._max_characters).split()
        return TimedText.of(self._form.write(words, is_cancelled), times)
