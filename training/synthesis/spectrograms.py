"""Mel spectrograms of the data, computed once and kept on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.shards import Clip, as_float, read_split

DITHERS = 4  # independent ones, whose spectrograms are averaged: less noise to predict where it is silent

Mel = NDArray[np.float16]


def mel_of(preprocessor: Any, utterance: Clip, dither: float) -> Mel:
    """Compute the (T, M) log-mel spectrogram of an utterance with NeMo's preprocessor.

    Args:
        preprocessor: NeMo's AudioToMelSpectrogramPreprocessor.
        utterance: what is spoken.
        dither: deviation of the noise that is added, full scale being 1. Digital silence then has the level
            that the vocoder knows.
    """
    audio = torch.from_numpy(as_float(utterance.samples())).expand(DITHERS, -1)
    audio = audio + dither * torch.randn_like(audio)
    with torch.no_grad():
        mel, length = preprocessor(input_signal=audio, length=torch.full((DITHERS,), audio.shape[1]))
    spectrogram: Mel = mel.mean(0)[:, : int(length[0])].T.half().numpy()
    return spectrogram


def read_mels(folder: Path, split: str, preprocessor: Any, dither: float) -> tuple[list[Clip], list[Mel]]:
    """Return the utterances of a split and their (T, M) spectrograms, computing these the first time."""
    utterances = read_split(folder, split)
    path = folder / f"{split}_mels_{dither:g}.npy"
    if not path.with_suffix(".json").exists():
        store(path, [mel_of(preprocessor, utterance, dither) for utterance in utterances])
    return utterances, stored(path)


def store(path: Path, mels: Sequence[Mel]) -> None:
    """Write (T, M) spectrograms into one file, and their lengths beside it."""
    np.save(path, np.concatenate(mels))
    path.with_suffix(".json").write_text(json.dumps([len(mel) for mel in mels]), encoding="utf-8")


def stored(path: Path) -> list[Mel]:
    """Return spectrograms that `store` wrote, as views of the mapped file."""
    ends = np.cumsum(json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
    return np.split(np.load(path, mmap_mode="r"), ends[:-1])
