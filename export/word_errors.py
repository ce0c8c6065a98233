"""Word error rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def edit_distance(reference: Sequence[str], hypothesis: Sequence[str]) -> int:
    """Count the fewest substitutions, insertions and deletions between two sequences."""
    row = list(range(len(hypothesis) + 1))
    for i, expected in enumerate(reference, start=1):
        diagonal, row[0] = row[0], i
        for j, got in enumerate(hypothesis, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != got))
    return row[-1]


@dataclass
class WordErrors:
    """Errors and words, summed over utterances."""

    errors: int = 0  # substitutions, insertions and deletions
    words: int = 0  # of the references
    utterances: int = 0

    def add(self, reference: str, hypothesis: str) -> None:
        """Compare one utterance."""
        self.errors += edit_distance(reference.split(), hypothesis.split())
        self.words += len(reference.split())
        self.utterances += 1

    @property
    def rate(self) -> float:
        """Word error rate, 0 to 1 and above; 0 of no words."""
        return self.errors / self.words if self.words else 0.0
