"""What the outputs of a CTC model stand for: letters, or pieces of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..sidecar import read_sidecar

FIELDS = ("labels", "starts_word", "joins_previous", "unknown", "bytes", "blank_index")


@dataclass(frozen=True)
class Labels:
    """The table of a model's outputs, one entry for each, the blank's without meaning.

    Letters are one case of it: a space is a label without text that starts a word.
    """

    text: tuple[str, ...]  # what a label adds to its word; "" for a space, the blank and unknown pieces
    starts_word: NDArray[np.bool_]
    joins_previous: NDArray[np.bool_]  # marks: part of the word before, even after a space
    byte: NDArray[np.int16]  # value of one byte of UTF-8, -1 for all other labels
    blank: int  # the output that says nothing

    @classmethod
    def load(cls, path: Path) -> Labels:
        """Read them from a sidecar as the exporter wrote it.

        Raises:
            ArtifactError: the file or a field is missing.
        """
        return cls.of(dict(zip(FIELDS, read_sidecar(path, *FIELDS), strict=True)))

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Labels:
        """Return the table that a sidecar's fields describe.

        Args:
            fields: `labels`: text of every label but the blank; indices of those that `starts_word`, that
                `joins_previous` and that are `unknown`; `bytes`: [index, value] of single bytes;
                `blank_index`. Indices count the blank.
        """
        text, blank = list(fields["labels"]), int(fields["blank_index"])
        text.insert(blank, "")
        byte = np.full(len(text), -1, np.int16)
        for index, value in fields["bytes"]:
            byte[index] = value
        for index in fields["unknown"]:
            text[index] = ""
        starts_word = marked(len(text), [*fields["starts_word"], *fields["unknown"]])
        return cls(tuple(text), starts_word, marked(len(text), fields["joins_previous"]), byte, blank)

    @classmethod
    def letters(cls, labels: Sequence[str], blank: int) -> Labels:
        """Return the table of a model that spells in letters, with " " between words."""
        return cls.of(letter_fields(labels, blank))

    @property
    def size(self) -> int:
        """Outputs of the model, the blank included."""
        return len(self.text)

    @cached_property
    def has_content(self) -> NDArray[np.bool_]:
        """Which labels are seen in a text."""
        return np.array([bool(text) for text in self.text]) | (self.byte >= 0)

    @cached_property
    def are_pieces(self) -> bool:
        """Whether words are written in pieces, which a model emits once each, and not in letters."""
        return bool((self.starts_word & self.has_content).any())

    @cached_property
    def space(self) -> int | None:
        """The label that stands for a space and nothing else, None where there is none."""
        spaces = np.flatnonzero(self.starts_word & ~self.has_content & (np.arange(self.size) != self.blank))
        return int(spaces[0]) if spaces.size and not self.are_pieces else None

    def join(self, labels: Sequence[int]) -> str:
        """Return the word that a run of labels spells; broken UTF-8 becomes U+FFFD."""
        parts: list[bytes] = []
        for label in labels:
            value = int(self.byte[label])
            parts.append(self.text[label].encode() if value < 0 else bytes([value]))
        return b"".join(parts).decode("utf-8", errors="replace")


def letter_fields(labels: Sequence[str], blank: int) -> dict[str, Any]:
    """Return the fields of a sidecar for a model that spells in letters, with " " between words."""
    spaces = [index + (index >= blank) for index, label in enumerate(labels) if label == " "]
    return {
        "labels": ["" if label == " " else label for label in labels],
        "blank_index": blank,
        "starts_word": spaces,
        "joins_previous": [],
        "unknown": [],
        "bytes": [],
    }


def marked(size: int, indices: Sequence[int]) -> NDArray[np.bool_]:
    """Return (size,) booleans, true at the indices."""
    flags = np.zeros(size, bool)
    flags[list(indices)] = True
    return flags
