"""Time to the first audio of streaming synthesis, and its whole time against that of the pipeline."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from tritone_client import Client

from perf.instruments.server import Endpoints
from perf.instruments.texts import text_of

SEED = 1


@dataclass(frozen=True)
class SpeechPoint:
    """Medians for one text, in seconds."""

    sentences: int
    speech_s: float
    first_audio_s: float
    stream_s: float  # until the last chunk
    whole_s: float  # of text_to_speech

    @property
    def ratio(self) -> float:
        """Time of the stream per time of the pipeline."""
        return self.stream_s / self.whole_s


def speak(target: Endpoints, sentences: int, rounds: int) -> SpeechPoint:
    """Synthesize a text both ways in turn, on a server that has nothing else to do."""
    text = text_of(sentences)
    first, stream, whole = [], [], []
    speech_s = 0.0
    with Client(target.grpc_url) as client:
        for number in range(rounds + 1):
            started_s = time.perf_counter()
            arrived = [
                (time.perf_counter() - started_s, chunk.duration_s)
                for chunk in client.stream_synthesis(text, seed=SEED)
            ]
            streamed_s = time.perf_counter() - started_s
            started_s = time.perf_counter()
            speech_s = client.synthesize(text, seed=SEED).duration_s
            whole_s = time.perf_counter() - started_s
            if number:  # the first round warms up
                first.append(arrived[0][0])
                stream.append(streamed_s)
                whole.append(whole_s)
    return SpeechPoint(sentences, speech_s, median(first), median(stream), median(whole))
