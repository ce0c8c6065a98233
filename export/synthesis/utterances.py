"""Utterances that engines of spectrogram models are verified with, in a checkpoint's symbols."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from export.synthesis.limits import VoiceLimits
from export.tensorrt.samples import TEXTS, Arrays
from tritone.synthesis.limits import bucket


def sample_symbols(limits: VoiceLimits) -> Arrays:
    """Return symbols (B, S), padded to a bucket, and symbols_length (B, 1)."""
    symbols, longest = limits.symbols, limits.symbols.longest_utterance_characters
    rows = [symbols.encode(spoken(text, longest)) for text in TEXTS]
    width = bucket(max(map(len, rows)), limits.symbols_bucket)
    padded = np.full((len(rows), width), symbols.pad_id, np.int64)
    for place, row in zip(padded, rows, strict=True):
        place[: len(row)] = row
    return {"symbols": padded, "symbols_length": np.array([[len(row)] for row in rows], np.int64)}


def spoken(text: str, longest_characters: int) -> str:
    """A sentence of as many of a text's words as an utterance may have."""
    words: Sequence[str] = text.split()
    while len(" ".join(words)) >= longest_characters and len(words) > 1:
        words = words[:-1]
    return " ".join(words) + "."
