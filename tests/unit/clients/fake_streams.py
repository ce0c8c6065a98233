"""The streaming models of the fake server: a recogniser of loud samples, and a voice that says tones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

RATE_HZ = 16_000
FRAME = 160  # samples
WORD_FRAMES = 50  # each half second of loud samples is a word
PAUSE_FRAMES = 80  # of quiet, which end a segment
LOUD = 0.05
CHUNK = 4000  # samples of speech

Outputs = dict[str, np.ndarray]


@dataclass
class FakeStream:
    """What the server has seen of one stream."""

    metadata: dict[str, str]
    requests: list[tuple[str, Outputs, dict[str, object]]] = field(default_factory=list)
    responses: int = 0
    closed: threading.Event = field(default_factory=threading.Event)  # ended, by either side
    ended: threading.Event = field(default_factory=threading.Event)  # by the client, without a cancellation


@dataclass
class FakeRecogniser:
    """The words of a stream are one, two, three, ...; there is one response for each request."""

    frames: int = 0
    rest: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    loud: int = 0
    quiet: int = 0
    words: list[tuple[str, float, float]] = field(default_factory=list)
    count: int = 0
    written: bool = False
    finals: list[list[tuple[str, float, float]]] = field(default_factory=list)

    def answers(self, inputs: Outputs, parameters: dict[str, object]) -> Iterator[tuple[Outputs, bool]]:
        ((name, array),) = inputs.items()
        samples = array[0] / np.float32(32768) if name == "audio_pcm16" else array[0]
        before = bool(self.words)
        if parameters["sequence_start"]:
            self.written = parameters.get("written") == "on"
        self._hear(samples)
        if parameters["sequence_end"] and self.words:
            self.finals.append(self.words)
            self.words = []
        started = bool(self.words) and not before
        yield self._outputs(started), True

    def _hear(self, samples: np.ndarray) -> None:
        samples = np.concatenate([self.rest, samples])
        whole = len(samples) - len(samples) % FRAME
        self.rest = samples[whole:]
        for frame in samples[:whole].reshape(-1, FRAME):
            self.frames += 1
            if np.abs(frame).max() > LOUD:
                self.loud, self.quiet = self.loud + 1, 0
                if self.loud % WORD_FRAMES == 0:
                    self.count += 1
                    end_s = self.frames * FRAME / RATE_HZ
                    self.words.append((f"word{self.count}", end_s - 0.5, end_s))
            else:
                self.quiet += 1
                if self.quiet >= PAUSE_FRAMES and self.words:
                    self.finals.append(self.words)
                    self.words, self.loud = [], 0

    def _outputs(self, started: bool) -> Outputs:
        final = self.finals.pop(0) if self.finals else []
        transcript = " ".join(word for word, *_ in final)
        interim = " ".join(word for word, *_ in self.words)
        outputs = {
            "interim_transcript": _strings([interim]),
            "stable_characters": np.array([[len(interim) // 2]], np.int32),
            "is_final": np.array([[bool(final)]]),
            "transcript": _strings([transcript]),
            "text": _strings([f"{transcript.capitalize()}." if final else ""]),
            "word": _strings([word for word, *_ in final]),
            "word_start_s": _floats([start_s for _, start_s, _ in final]),
            "word_end_s": _floats([end_s for *_, end_s in final]),
            "word_confidence": _floats([0.75] * len(final)),
            "segment_start_s": _floats([final[0][1] if final else 0.0]),
            "segment_end_s": _floats([final[-1][2] if final else 0.0]),
            "speech_started": np.array([[started]]),
            "audio_processed_s": _floats([self.frames * FRAME / RATE_HZ]),
        }
        if self.written:
            outputs["written_text"] = _strings([f"{transcript.upper()}." if final else ""])
            for name in ("word", "word_start_s", "word_end_s", "word_confidence"):
                outputs[f"written_{name}"] = outputs[name]
        return outputs


@dataclass
class FakeVoice:
    """Says texts in chunks, and pieces of a text as their sentences are complete."""

    tone: Callable[[str], np.ndarray]
    waiting: str = ""

    def answers(self, inputs: Outputs, parameters: dict[str, object]) -> Iterator[tuple[Outputs, bool]]:
        self.waiting += inputs["text"][0, 0].decode()
        complete = self.waiting
        if not parameters.get("sequence_end", True):
            complete = complete[: complete.rfind(".") + 1]
        self.waiting = self.waiting[len(complete) :]
        samples = self.tone(complete.strip()) if complete.strip() else np.zeros(0, np.float32)
        for start in range(0, samples.size, CHUNK):
            audio = samples[np.newaxis, start : start + CHUNK]
            yield {"audio": audio, "sample_rate_hz": np.array([[RATE_HZ]], np.int32)}, False
        yield {}, True


def _strings(items: list[str]) -> np.ndarray:
    return np.array([item.encode() for item in items], dtype=np.object_).reshape(1, -1)


def _floats(items: list[float]) -> np.ndarray:
    return np.array([items], np.float32)
