"""Networks in numpy that stand where a server's models do: they hear letters in levels of sound."""

from __future__ import annotations

import numpy as np

from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.labels import Labels
from tritone.recognition.streaming.endpoints import Limits
from tritone.recognition.streaming.finals import FinalPass
from tritone.recognition.streaming.format import Context, StreamFormat
from tritone.recognition.streaming.recogniser import BatchLimits, Networks, StreamRecognizer
from tritone.recognition.streaming.stream import StreamOptions
from tritone.recognition.voice_activity import CHUNK_SAMPLES

RATE, HOP, STRIDE = 16_000, 160, 2
LETTERS = [" ", *"abcdefgh"]
BLANK = len(LETTERS)
MELS = 4
FORM = StreamFormat(RATE, HOP, STRIDE, HOP, HOP, None, None)
CONTEXT = Context(left=100, right=32, step=32)
SEGMENTS = Limits(10 * RATE, 30 * RATE)


def tone(letter, seconds):
    """Sound that the networks hear as a letter: a level of its own."""
    return np.full(round(seconds * RATE), (LETTERS.index(letter) + 1) / 10, np.float32)


def pause(seconds):
    return np.zeros(round(seconds * RATE), np.float32)


class Ears:
    """Front end, acoustic model, detector and recogniser of whole recordings; records their calls."""

    def __init__(self):
        self.calls = {"features": [], "acoustic": [], "voice_activity": [], "final": []}

    def features(self, audio, length):
        """The mean of the samples from one hop before a frame to one hop after it."""
        self.calls["features"].append(audio.shape)
        frames = audio.shape[1] // HOP + 1
        padded = np.pad(audio, ((0, 0), (HOP, HOP)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * HOP, axis=1)[:, ::HOP][:, :frames]
        return [np.repeat(windows.mean(axis=2)[:, None], MELS, axis=1).astype(np.float32)]

    def acoustic(self, features, length):
        """The letter of every frame's level; at an edge it may be that of half the sound."""
        self.calls["acoustic"].append(features.shape)
        level = features[:, 0, ::STRIDE] * 10
        letter = np.round(level).astype(int) - 1
        sure = (np.abs(level - np.round(level)) < 0.05) & (letter >= 0)
        log_probs = np.full((*level.shape, BLANK + 1), -20.0, np.float32)
        best = np.where(sure, letter, BLANK)
        np.put_along_axis(log_probs, best[:, :, None], -0.01, axis=2)
        return [log_probs, -(-length // STRIDE)]

    def voice_activity(self, audio, context, state):
        self.calls["voice_activity"].append(audio.shape)
        chunks = audio.reshape(len(audio), -1, CHUNK_SAMPLES)
        return [np.abs(chunks).max(axis=2).clip(0, 1) > 0, audio[:, -64:], state]

    def final(self, audio, length, **parameters):
        self.calls["final"].append((audio.shape[1], parameters))
        text = np.array([[f"{audio.shape[1]} samples".encode()]], dtype=object)
        word, times = np.array([[b"x"]], dtype=object), np.array([[0.5]], np.float32)
        return [text, text, word, times, times + 0.25, times * 0 + 1]

    def recognizer(self, *, detector=True, final=None, rows=16):
        network = self.voice_activity if detector else None
        networks = Networks(self.features, self.acoustic, network)
        whole = final or self.final
        return StreamRecognizer(
            FORM,
            CONTEXT,
            CtcDecoder(Labels.letters(LETTERS, BLANK), HOP * STRIDE / RATE, 0.5),
            networks,
            FinalPass(whole, whole),
            SEGMENTS,
            BatchLimits(rows, 30.0),
            0.5,
        )


def options(**changes):
    given = {"stop_history_ms": 800, "vad": True, "interim": True, "written": False, "passed_on": {}}
    return StreamOptions(**(given | changes))
