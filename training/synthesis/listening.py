"""Judge spectrograms by ear: what a recogniser understands of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import librosa
import numpy as np
from numpy.typing import NDArray

from training.corpus import spell
from training.evaluate import Recognizer, transcribe
from training.scoring import WordErrors
from training.shards import Utterance
from training.voices import SAMPLE_RATE_HZ

ITERATIONS = 32  # of Griffin-Lim
LAST_SYMBOLS = 4  # an utterance that ends at one of them was spoken to its end

Audio = NDArray[np.float32]


class Spoken(NamedTuple):
    """What a Tacotron 2 made of one text."""

    mel: NDArray[np.float32]  # (T, M) log-mel frames
    alignment: NDArray[np.float32]  # (steps, S) weights of the symbols


class GriffinLim:
    """A vocoder without training: it looks for phases that fit the magnitudes (Griffin and Lim 1984).

    Args:
        preprocessor: NeMo's, which makes the spectrograms.
    """

    def __init__(self, preprocessor: Any) -> None:
        featurizer = preprocessor.featurizer
        self.hop, self.window, self.n_fft = featurizer.hop_length, featurizer.win_length, featurizer.n_fft
        self.guard = featurizer.log_zero_guard_value
        self.inverse = np.linalg.pinv(featurizer.filter_banks[0].numpy())

    def __call__(self, mel: NDArray[np.float32]) -> Audio:
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


class Listener:
    """Compares spoken texts with what was to be said.

    Args:
        recognize: turns audio into log-probabilities.
        labels: of the recogniser.
        vocoder: turns frames into audio.
    """

    def __init__(self, recognize: Recognizer, labels: Sequence[str], vocoder: GriffinLim) -> None:
        self.recognize, self.labels, self.vocoder = recognize, labels, vocoder

    def judge(self, utterances: Sequence[Utterance], spoken: Sequence[Spoken]) -> dict[str, float]:
        """Measure what was spoken.

        Returns:
            validation_wer; complete, the share that ended at the last symbols; focus, the mean of the
            alignment's largest weight; pace, the spoken duration over the true one.
        """
        clips = [self.vocoder(mel) for mel, _ in spoken]
        errors = WordErrors()
        texts = transcribe(self.recognize, clips, self.labels)
        for utterance, text in zip(utterances, texts, strict=True):
            errors.add(spell(utterance.text), text)
        ends = [int(alignment[-1].argmax()) >= alignment.shape[1] - LAST_SYMBOLS for _, alignment in spoken]
        focus = [float(alignment.max(axis=1).mean()) for _, alignment in spoken]
        true_s = sum(utterance.duration_s for utterance in utterances)
        return {
            "validation_wer": errors.rate,
            "complete": float(np.mean(ends)),
            "focus": float(np.mean(focus)),
            "pace": sum(map(len, clips)) / SAMPLE_RATE_HZ / true_s,
        }
