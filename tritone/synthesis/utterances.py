"""The utterances of a request, and their batches for the decoder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import TextError
from .limits import bucket

LONGEST_PAUSE_S = 10.0
LONGEST_PAUSES_S = 7200.0  # in total, of one text
MOST_SYMBOLS = 200_000  # of one text: hours of speech, more than the tokenizer accepts


@dataclass(frozen=True, eq=False)
class Utterance:
    """A part of a text that is synthesized at once."""

    text: int  # row in the request's batch
    number: int  # within its text, from 0
    symbols: NDArray[np.int64]  # (S,), no padding
    pause_s: float  # silence after it, seconds

    def __str__(self) -> str:
        """Name for errors, counting from 1."""
        return f"text {self.text + 1}, utterance {self.number + 1}"


def read_utterances(
    symbols: NDArray[np.int64], symbols_length: NDArray[np.int64], pause_s: NDArray[np.float32]
) -> list[list[Utterance]]:
    """Unpack the tokenizer's tensors.

    Args:
        symbols: (B, U, S), padded.
        symbols_length: (B, U), valid symbols; 0 where there is no utterance.
        pause_s: (B, U), silence after each, seconds.

    Returns:
        The utterances of each of the B texts.

    Raises:
        TextError: inconsistent lengths, a pause out of range, or a text without utterances or with more
            than the tokenizer produces.
    """
    if not symbols.shape[:2] == symbols_length.shape == pause_s.shape:
        raise TextError(
            f"symbols_length, pause_s: expected {symbols.shape[1]} values, one per utterance in symbols, "
            f"got {symbols_length.shape[1]} and {pause_s.shape[1]}; send the tokenizer's outputs."
        )
    if symbols_length.size and not 0 <= symbols_length.min() <= symbols_length.max() <= symbols.shape[2]:
        raise TextError(
            f"symbols_length: expected 0 to {symbols.shape[2]} (the symbols sent), got "
            f"{symbols_length.min()} to {symbols_length.max()}; send the tokenizer's outputs."
        )
    if not np.all((pause_s >= 0) & (pause_s <= LONGEST_PAUSE_S)):
        raise TextError(
            f"pause_s: expected 0 to {LONGEST_PAUSE_S:g} s, got another value; send the tokenizer's outputs."
        )
    _check_totals(symbols_length, pause_s)
    rows = zip(symbols, symbols_length, pause_s, strict=True)
    texts = [list(_text(row, *tensors)) for row, tensors in enumerate(rows)]
    for row, utterances in enumerate(texts):
        if not utterances:
            raise TextError(
                f"symbols_length: expected at least one utterance, got none for text {row + 1}; "
                "send a text with words."
            )
    return texts


def _check_totals(symbols_length: NDArray[np.int64], pause_s: NDArray[np.float32]) -> None:
    for name, totals, most, unit in (
        ("symbols_length", symbols_length.sum(axis=1), MOST_SYMBOLS, "symbols"),
        ("pause_s", pause_s.sum(axis=1, dtype=np.float64), LONGEST_PAUSES_S, "s"),
    ):
        if totals.size and totals.max() > most:
            raise TextError(
                f"{name}: expected at most {most:g} {unit} in a text, got {totals.max():.7g}; "
                "send it in parts."
            )


def _text(
    row: int, symbols: NDArray[np.int64], lengths: NDArray[np.int64], pause_s: NDArray[np.float32]
) -> Iterator[Utterance]:
    present = np.flatnonzero(lengths)
    for number, index in enumerate(present):
        yield Utterance(row, number, symbols[index, : lengths[index]], float(pause_s[index]))


def plan_batches(utterances: Sequence[Utterance], symbols_bucket: int, largest: int) -> list[list[Utterance]]:
    """Batch utterances of similar length, since decoding takes as long as the longest.

    All utterances of a batch are in the same length bucket, so the network sees each in the same shape as
    when it is alone.

    Returns:
        Batches of up to `largest` utterances and similar sizes, long utterances first.
    """
    by_bucket: dict[int, list[Utterance]] = defaultdict(list)
    for utterance in sorted(utterances, key=lambda utterance: -utterance.symbols.size):
        by_bucket[bucket(utterance.symbols.size, symbols_bucket)].append(utterance)
    batches = []
    for alike in by_bucket.values():
        count = -(-len(alike) // largest)
        borders = [len(alike) * index // count for index in range(count + 1)]
        batches += [alike[start:stop] for start, stop in pairwise(borders)]
    return batches


def stack_symbols(batch: Sequence[Utterance], symbols_bucket: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return `symbols` (B, S) padded with 0 to their bucket, and `symbols_length` (B, 1)."""
    lengths = np.array([[utterance.symbols.size] for utterance in batch], np.int64)
    symbols = np.zeros((len(batch), bucket(int(lengths.max()), symbols_bucket)), np.int64)
    for target, utterance in zip(symbols, batch, strict=True):
        target[: utterance.symbols.size] = utterance.symbols
    return symbols, lengths
