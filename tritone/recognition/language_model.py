"""N-gram language models of words, scored by KenLM (Heafield 2011)."""

from __future__ import annotations

import bz2
import gzip
import lzma
import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import ArtifactError

FILE_NAMES = ("words.arpa", "words.arpa.gz", "words.arpa.xz", "words.arpa.bz2", "words.bin")
END = "</s>"  # the word that ends a sentence
_OPENERS = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
_LN_10 = math.log(10.0)  # KenLM's logarithms are decimal
_SPECIAL = {"<s>", "</s>", "<unk>", "<UNK>"}
_REMEMBERED = 200_000  # beginnings of words; 20 MB
_LAST = "\U0010ffff"  # sorts after every letter
_BINARY = b"mmap lm http://kheafield.com/code"

State = Any  # kenlm.State: the last words, as far as the model remembers them


class LanguageModel:
    """Word probabilities after other words.

    Args:
        path: an ARPA file, plain or compressed, or a binary file of KenLM.

    Raises:
        ArtifactError: the file is broken.
    """

    def __init__(self, path: Path) -> None:
        import kenlm  # here, since the exporter knows the files' names without it

        self.path = path
        self._state = kenlm.State
        config = kenlm.Config()
        config.show_progress = False
        config.arpa_complain = kenlm.ARPALoadComplain.NONE
        try:
            self._model = kenlm.Model(str(path), config)
            self._words = sorted(_vocabulary(path))
        except (OSError, RuntimeError, EOFError, ValueError, lzma.LZMAError) as error:
            raise ArtifactError(
                f"{path}: expected a language model (ARPA or KenLM's binary format), got a file that cannot "
                f"be read ({_reason(error)}); write it again, or remove it to decode without one."
            ) from error
        self.order: int = self._model.order

    @classmethod
    def beside(cls, folder: Path) -> LanguageModel | None:
        """Load the model of a folder, or return None if it has none.

        Raises:
            ArtifactError: there are several, or the file is broken.
        """
        found = [folder / name for name in FILE_NAMES if (folder / name).exists()]
        if len(found) > 1:
            raise ArtifactError(
                f"{folder}: expected one language model, got {', '.join(path.name for path in found)}; "
                "remove all but one."
            )
        return cls(found[0]) if found else None

    @property
    def words(self) -> Sequence[str]:
        """The vocabulary, sorted; empty where a binary file has none."""
        return self._words

    @cached_property
    def is_lower(self) -> bool:
        """Whether all words of the vocabulary are in lower case."""
        return bool(self._words) and all(word == word.lower() for word in self._words)

    def start(self) -> State:
        """Return the state at the beginning of a sentence."""
        state = self._state()
        self._model.BeginSentenceWrite(state)
        return state

    def score(self, state: State, word: str) -> tuple[float, State]:
        """Return the natural logarithm of a word's probability, and the state after it."""
        after = self._state()
        return self._model.BaseScore(state, word, after) * _LN_10, after

    def knows(self, word: str) -> bool:
        """Return whether a word is in the vocabulary."""
        return word in self._model

    @cached_property
    def beginnings(self) -> Beginnings:
        """The vocabulary, searched by how words begin."""
        empty = self._state()
        self._model.NullContextWrite(empty)
        return Beginnings(self._words, [self.score(empty, word)[0] for word in self._words])


class Beginnings:
    """Finds the most probable of the words that begin in some way.

    Args:
        words: sorted.
        log_probs: of the words without those before.
    """

    def __init__(self, words: Sequence[str], log_probs: Sequence[float]) -> None:
        self._words = words
        # Row k has the largest of the 2**k values from each place on.
        self._largest = [np.array(log_probs)]
        while len(row := self._largest[-1]) > (step := 1 << len(self._largest) - 1):
            self._largest.append(np.maximum(row[:-step], row[step:]))

        self._best: dict[str, float | None] = {}

    def best(self, beginning: str) -> float | None:
        """Return the largest log-probability of words that begin like that, or None if there are none."""
        try:
            return self._best[beginning]
        except KeyError:
            if len(self._best) >= _REMEMBERED:
                self._best.clear()
            found = self._best[beginning] = self._look_up(beginning)
            return found

    def _look_up(self, beginning: str) -> float | None:
        first = bisect_left(self._words, beginning)
        end = bisect_left(self._words, beginning + _LAST, first)
        if first == end:
            return None
        row = (end - first).bit_length() - 1
        values = self._largest[row]
        return float(max(values.item(first), values.item(end - (1 << row))))


def _vocabulary(path: Path) -> Iterator[str]:
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(_OPENERS.get(path.suffix, open)(path, "rb"))  # type: ignore[operator]
        if file.peek(len(_BINARY)).startswith(_BINARY):  # type: ignore[attr-defined]
            yield from _binary_vocabulary(file.read())
            return
        section = b""
        for line in file:
            line = line.strip()
            if line.startswith(b"\\"):
                if section == b"\\1-grams:":
                    return
                section = line
            elif line and section == b"\\1-grams:":
                word = line.split()[1].decode()
                if word not in _SPECIAL:
                    yield word


def _binary_vocabulary(content: bytes) -> Iterator[str]:
    """Yield the words of a binary file: its end lists them, each with a zero byte, from `<unk>` on."""
    start = content.rfind(b"<unk>\0")
    if start >= 0:
        words = content[start:].decode().split("\0")
        yield from (word for word in words if word and word not in _SPECIAL)


def _reason(error: Exception) -> str:
    """Return KenLM's own reason, without the place in its source."""
    text = str(error).strip().splitlines()
    return text[-1].split(" threw ")[-1][:200] if text else type(error).__name__
