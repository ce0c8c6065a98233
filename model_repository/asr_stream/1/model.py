"""Recognise live streams chunk by chunk: interim texts while somebody speaks, final ones after each pause."""

from __future__ import annotations

import numpy as np
import triton_python_backend_utils as pb_utils

from tritone.audio.chunks import chunk_samples
from tritone.python_backend.calls import bind_partners, is_overload
from tritone.python_backend.configuration import Parameters, own_version, stopping_file, version_folder
from tritone.python_backend.metrics import StreamGauges
from tritone.python_backend.sequences import accept_requests
from tritone.recognition.streaming.loading import load_stream_recognizer
from tritone.recognition.streaming.server import StreamServer


class TritonPythonModel:
    def initialize(self, args):
        parameters = Parameters(args)
        bind = bind_partners(parameters, own_version(args))
        recognizer = load_stream_recognizer(version_folder(args), parameters, bind)
        self._longest = recognizer.limits.longest_chunk
        self._gauges = StreamGauges(args, parameters.count("max_streams"))
        show, stopping = self._gauges.show, stopping_file()
        self._streams = StreamServer.of(recognizer, parameters, is_overload, show, stopping)

    def execute(self, requests):
        accept_requests(requests, ("audio", "audio_pcm16"), _tensors, self._accept)

    def finalize(self):
        self._streams.close()

    def _accept(self, request):
        audio, pcm16 = (request.inputs.get(name) for name in ("audio", "audio_pcm16"))
        self._streams.submit(request, lambda: chunk_samples(audio, pcm16, self._longest, end=request.end))


def _tensors(update, final):
    segment, interim = update.segment, update.interim
    words, written = final.words, final.written_words
    return [
        pb_utils.Tensor("interim_transcript", _row(interim.transcript.encode(), object)),
        pb_utils.Tensor("stable_characters", _row(interim.stable_characters, np.int32)),
        pb_utils.Tensor("is_final", _row(segment is not None, bool)),
        pb_utils.Tensor("speech_started", _row(update.speech_started, bool)),
        pb_utils.Tensor("audio_processed_s", _row(update.audio_processed_s, np.float32)),
        pb_utils.Tensor("segment_start_s", _row(segment.start_s if segment else 0.0, np.float32)),
        pb_utils.Tensor("segment_end_s", _row(segment.stop_s if segment else 0.0, np.float32)),
        pb_utils.Tensor("transcript", _row(final.transcript, object)),
        pb_utils.Tensor("text", _row(final.text, object)),
        pb_utils.Tensor("word", words.word[np.newaxis]),
        pb_utils.Tensor("word_start_s", words.start_s[np.newaxis]),
        pb_utils.Tensor("word_end_s", words.end_s[np.newaxis]),
        pb_utils.Tensor("word_confidence", words.confidence[np.newaxis]),
        pb_utils.Tensor("written_text", _row(final.written_text, object)),
        pb_utils.Tensor("written_word", written.word[np.newaxis]),
        pb_utils.Tensor("written_word_start_s", written.start_s[np.newaxis]),
        pb_utils.Tensor("written_word_end_s", written.end_s[np.newaxis]),
        pb_utils.Tensor("written_word_confidence", written.confidence[np.newaxis]),
    ]


def _row(value, dtype):
    """Return one element as a tensor of one row."""
    return np.array([[value]], dtype)
