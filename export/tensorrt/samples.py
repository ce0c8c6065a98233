"""Inputs that engines are verified with: deterministic, and like what the models are served with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.errors import EngineError
from export.tensorrt.limits import Repository, symbols_of
from tritone.errors import ArtifactError
from tritone.punctuation.windows import WindowTokenizer, stack_windows
from tritone.synthesis.limits import bucket
from tritone.synthesis.noise import UtteranceNoise

Arrays = dict[str, NDArray[Any]]
Reference = Callable[[str, Mapping[str, NDArray[Any]]], Arrays]
"""A graph of the repository by its model's name, run by ONNX Runtime."""

TEXTS = (
    "the quick brown fox jumps over the lazy dog and nobody asked it why",
    "when the rain had stopped we walked down to the harbour to see the boats come in",
    "how much would you pay for a ticket to paris on a friday night in june",
    "no",
)
SEED = 20
AUDIO_S = (0.02, 0.61, 3.3, 7.9)  # the shortest that is served, and mixed lengths


@dataclass(frozen=True)
class Sample:
    """One batch."""

    name: str
    inputs: Arrays


def samples_of(model: str, repository: Repository, reference: Reference) -> list[Sample]:
    """Batches for a model: some rows of mixed lengths together, and one alone.

    Raises:
        EngineError: files of the models before it are missing.
    """
    whole = _OF[model](repository, reference)
    batch = {name: array[: repository.config(model).max_batch_size] for name, array in whole.items()}
    alone = {name: array[:1] for name, array in whole.items()}
    return [Sample("mixed batch", batch), Sample("one row", alone)]


def features_arrays(repository: Repository, _: Reference) -> Arrays:
    """Sound between silence and full scale, of mixed lengths up to the longest window."""
    limits = repository.recognition()
    seconds = [*(length for length in AUDIO_S if length < limits.window_s), limits.window_s]
    lengths = [max(limits.shortest_samples, round(length * limits.sample_rate_hz)) for length in seconds]
    audio = np.zeros((len(lengths), max(lengths)), np.float32)
    for row, length in enumerate(reversed(lengths)):
        audio[row, :length] = speech_like(length, limits.sample_rate_hz, row)
    return {"audio": audio, "audio_length": np.array(lengths[::-1], np.int64)[:, None]}


def quartznet_arrays(repository: Repository, reference: Reference) -> Arrays:
    """Features of such sound."""
    return reference("asr_features", features_arrays(repository, reference))


def bert_arrays(repository: Repository, _: Reference) -> Arrays:
    """Windows of English words."""
    limits = repository.punctuation()
    try:
        tokenizer = WindowTokenizer.load(repository.folder("punctuation_windows"))
    except ArtifactError as error:
        raise EngineError(str(error)) from error
    texts = [" ".join(TEXTS[:3]) * 2, *TEXTS]
    windows = [window for text in texts for window in tokenizer.windows(text.split())][: limits.batch]
    input_ids, attention_mask = stack_windows(windows)
    return {"input_ids": input_ids, "attention_mask": attention_mask}


def tacotron2_arrays(repository: Repository, _: Reference) -> Arrays:
    """Utterances in the checkpoint's symbols."""
    limits = repository.synthesis()
    symbols = symbols_of(repository)
    longest = symbols.longest_utterance_characters
    rows = [symbols.encode(spoken(text, longest)) for text in TEXTS]
    padded = np.full(
        (len(rows), bucket(max(map(len, rows)), limits.symbols_bucket)), symbols.pad_id, np.int64
    )
    for place, row in zip(padded, rows, strict=True):
        place[: len(row)] = row
    voice, steps = limits.voice, limits.steps(padded.shape[1])
    dropout = [
        UtteranceNoise(SEED, number).dropout(steps, voice.prenet_layers, voice.prenet_units, voice.dropout)
        for number in range(len(rows))
    ]
    return {
        "symbols": padded,
        "symbols_length": np.array([[len(row)] for row in rows], np.int64),
        "dropout": np.stack(dropout),
    }


def waveglow_arrays(repository: Repository, reference: Reference) -> Arrays:
    """Spectrograms that Tacotron 2 makes of these utterances, cut to a few seconds, and noise."""
    limits = repository.synthesis()
    made = reference("tts_tacotron2", tacotron2_arrays(repository, reference))
    voice = limits.voice
    most = bucket(
        min(made["mel"].shape[2], 3 * voice.sample_rate_hz // voice.hop_samples), limits.frames_bucket
    )
    length = np.minimum(made["mel_length"], most)
    mel = np.full((len(length), voice.mels, most), voice.silence, np.float32)
    mel[:, :, : made["mel"].shape[2]] = made["mel"][:, :, :most]
    noise = [
        UtteranceNoise(SEED, number).latent(voice.latent_columns(most), voice.groups, voice.sigma)
        for number in range(len(length))
    ]
    return {"mel": mel, "mel_length": length, "z": np.stack(noise)}


def speech_like(samples: int, rate_hz: int, seed: int) -> NDArray[np.float32]:
    """Voiced and unvoiced sound in syllables with pauses: (samples,) float32 in [-1, 1]."""
    draws = np.random.default_rng([SEED, seed])
    time = np.arange(samples) / rate_hz
    pitch = 110 + 30 * np.sin(2 * np.pi * 0.7 * time + seed)
    phase = 2 * np.pi * np.cumsum(pitch) / rate_hz
    voiced = sum(np.sin(phase * k) / k for k in range(1, 25))
    noise = draws.normal(0, 0.3, samples)
    syllable = np.clip(np.sin(2 * np.pi * 3.1 * time), 0, None)
    pause = (np.sin(2 * np.pi * 0.23 * time + 0.4) > -0.8).astype(float)
    sound = (voiced * syllable + noise * (1 - syllable) * 0.3) * pause
    return (0.2 * sound + draws.normal(0, 1e-4, samples)).clip(-1, 1).astype(np.float32)


def spoken(text: str, longest_characters: int) -> str:
    """A sentence of as many of these words as an utterance may have."""
    words: Sequence[str] = text.split()
    while len(" ".join(words)) >= longest_characters and len(words) > 1:
        words = words[:-1]
    return " ".join(words) + "."


_OF: dict[str, Callable[[Repository, Reference], Arrays]] = {
    "asr_features": features_arrays,
    "asr_quartznet": quartznet_arrays,
    "punctuation_bert": bert_arrays,
    "tts_tacotron2": tacotron2_arrays,
    "tts_waveglow": waveglow_arrays,
}
