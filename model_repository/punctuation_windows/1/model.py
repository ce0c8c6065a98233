"""Words of any length of text to punctuated text: overlapping token windows, model, votes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import triton_python_backend_utils as pb_utils

from tritone.concurrency import map_ahead
from tritone.punctuation.restoration import Labels, PunctuationRestorer
from tritone.punctuation.transcript import read_transcript
from tritone.punctuation.windows import WindowTokenizer
from tritone.python_backend.calls import bind_model
from tritone.python_backend.configuration import Parameters, own_version, version_folder
from tritone.python_backend.responses import RequestThreads, text_column


class TritonPythonModel:
    def initialize(self, args):
        parameters = Parameters(args)
        folder = version_folder(args)
        self._max_characters = parameters.count("max_characters")
        self._network = bind_model(
            "punctuation_bert",
            ["input_ids", "attention_mask"],
            ["punct_logits", "capit_logits"],
            version=own_version(args),
        )
        requests, batches = parameters.count("requests_in_flight"), parameters.count("batches_in_flight")
        self._restorer = PunctuationRestorer(
            WindowTokenizer.load(folder),
            Labels.load(folder / "punctuation.json"),
            self._logits,
            parameters.count("windows_per_batch"),
            partial(map_ahead, ThreadPoolExecutor(requests * batches), batches),
        )
        self._threads = RequestThreads(["transcript"], self._restore, parameters)

    def execute(self, requests):
        self._threads.execute(requests)

    def finalize(self):
        self._threads.close()

    def _restore(self, work):
        rows = work.inputs["transcript"]
        transcripts = [read_transcript(data, self._max_characters) for (data,) in rows]
        texts = [self._restorer.restore(transcript, work.is_cancelled) for transcript in transcripts]
        return [pb_utils.Tensor("text", text_column(texts))]

    def _logits(self, batch):
        return tuple(self._network(*batch))
