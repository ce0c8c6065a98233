"""Evaluate spectrograms by how a recogniser transcribes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import librosa
import numpy as np
from numpy.typing import NDArray

from training.corpus import spell
from training.evaluate import nemo_recognizer, transcribe
from training.scoring import WordErrors
from training.shards import Clip

ITERATIONS = 32  # of Griffin-Lim
SHORTEST_SAMPLES = 1600  # minimum input of the recogniser
LAST_SYMBOLS = 4  # an utterance that ends at one of them is complete

Audio = NDArray[np.float32]
# Turns clips, each (N,) float32 at 16 kHz, into their spelled words.
Transcriber = Callable[[Sequence[Audio]], list[str]]


class Spoken(NamedTuple):
    """The output of a Tacotron 2 for one text."""

    mel: NDArray[np.float32]  # (T, M) log-mel frames
    alignment: NDArray[np.float32]  # (steps, S) weights of the symbols


class GriffinLim:
    """A vocoder without training: it searches for phases that fit the magnitudes (Griffin and Lim 1984).

    Args:
        preprocessor: NeMo's, which makes the spectrograms.
    """

    def __init__(self, preprocessor: Any) -> None:
        featurizer = preprocessor.featurizer
        self.hop, self.window, self.n_fft = featurizer.hop_length, featurizer.win_length, featurizer.n_fft
        self.guard = featurizer.log_zero_guard_value
        self.inverse = np.linalg.pinv(featurizer.filter_banks[0].numpy())

    def __call__(self, mel: NDArray) -> Audio:
        """Turn (T, M) log-mel frames into (N,) audio."""
        bands = np.maximum(np.exp(mel.T.astype(np.float64)) - self.guard, 0)
        audio: Audio = librosa.griffinlim(
            np.maximum(self.inverse @ bands, 0),
            n_iter=ITERATIONS,
            hop_length=self.hop,
            win_length=self.window,
            n_fft=self.n_fft,
            random_state=0,
        ).astype(np.float32)
        return audio


def completeness(spoken: Sequence[Spoken]) -> float:
    """Return the share of utterances that ended at their last symbols, 0 to 1."""
    ends = [int(alignment[-1].argmax()) >= alignment.shape[1] - LAST_SYMBOLS for _, alignment in spoken]
    return float(np.mean(ends))


def pace(spoken: Sequence[Spoken], true: Sequence[NDArray]) -> float:
    """Return the spoken duration over that of the (T, M) true spectrograms."""
    return sum(len(mel) for mel, _ in spoken) / sum(map(len, true))


def recogniser(path: Path) -> Transcriber:
    """Load an EncDecCTCModel; returns a function that transcribes clips."""
    recognize, labels = nemo_recognizer(path)

    def transcriber(clips: Sequence[Audio]) -> list[str]:
        return transcribe(recognize, long_enough(clips), labels)

    return transcriber


def long_enough(clips: Sequence[Audio]) -> list[Audio]:
    """Pad clips to the shortest that a recogniser takes; an untrained Tacotron 2 may stop at once."""
    return [np.pad(clip, (0, max(SHORTEST_SAMPLES - len(clip), 0))) for clip in clips]


def word_errors(transcriber: Transcriber, clips: Sequence[Audio], utterances: Sequence[Clip]) -> WordErrors:
    """Count a transcriber's errors on spoken utterances."""
    errors = WordErrors()
    for utterance, text in zip(utterances, transcriber(clips), strict=True):
        errors.add(spell(utterance.text), text)
    return errors
