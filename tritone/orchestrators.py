"""The models that call others: the partners in the config of each kind, and the function that loads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .model_parameters import RECOGNITION, TOKENIZER, VOICE_ACTIVITY, Parameters
from .punctuation.loading import load_punctuator
from .recognition.loading import load_recognizer
from .recognition.streaming.loading import load_stream_recognizer
from .synthesis.loading import load_streaming, load_synthesizer

LOADERS: dict[frozenset[str], Callable[..., Any]] = {
    frozenset({"features_model", "acoustic_model"}): load_recognizer,
    frozenset({"features_model", "acoustic_model", VOICE_ACTIVITY}): load_recognizer,
    frozenset({"features_model", "acoustic_model", RECOGNITION}): load_stream_recognizer,
    frozenset({"features_model", "acoustic_model", VOICE_ACTIVITY, RECOGNITION}): load_stream_recognizer,
    frozenset({"punctuation_model"}): load_punctuator,
    frozenset({"spectrogram_model", "vocoder_model"}): load_synthesizer,
    frozenset({"spectrogram_model", "vocoder_model", "denoiser_model"}): load_synthesizer,
    frozenset({TOKENIZER, "spectrogram_model", "vocoder_model"}): load_streaming,
    frozenset({TOKENIZER, "spectrogram_model", "vocoder_model", "denoiser_model"}): load_streaming,
}


def loader(parameters: Parameters) -> Callable[..., Any] | None:
    """Return the function that loads a model with these partners, None if there is none."""
    return LOADERS.get(frozenset(parameters.partners))
