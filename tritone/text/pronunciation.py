"""Grapheme-to-phoneme conversion with a dictionary, as in NeMo's EnglishG2p."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ArtifactError

# A word; phonemes between bars, used as they are; anything else.
_PARTS = re.compile(r"([A-Za-z]+(?:[A-Za-z\-']*[A-Za-z]+)*)|\|([^|]*)\||([^A-Za-z|]+)")
_SEPARATOR = "  "  # between word and phonemes, as in CMUdict's own file


@dataclass(frozen=True)
class Pronunciations:
    """A pronouncing dictionary of ARPABET phonemes."""

    entries: Mapping[str, str]  # lower-case word to its first pronunciation, phonemes between spaces
    ambiguous: frozenset[str]  # words with several pronunciations, which are spelled
    heteronyms: frozenset[str]  # words whose pronunciation depends on the meaning, also spelled

    @classmethod
    def load(cls, folder: Path, ignore_ambiguous_words: bool) -> Pronunciations:
        """Read `pronunciations.txt` (a line per pronunciation) and `heteronyms.txt` (a line per word).

        Raises:
            ArtifactError: a file is missing, or has a line without phonemes.
        """
        try:
            lines = (folder / "pronunciations.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
            heteronyms = (folder / "heteronyms.txt").read_text(encoding="utf-8").split()
        except FileNotFoundError as error:
            raise ArtifactError(
                f"{error.filename}: expected the exporter's dictionary, found none; run `make export`."
            ) from error
        entries: dict[str, str] = {}
        ambiguous: set[str] = set()
        for number, line in enumerate(lines, start=1):
            word, _, phonemes = line.partition(_SEPARATOR)
            if not phonemes:
                raise ArtifactError(
                    f"pronunciations.txt, line {number}: expected a word, two spaces, phonemes; export again."
                )
            if entries.setdefault(word, phonemes) is not phonemes:
                ambiguous.add(word)
        return cls(entries, frozenset(ambiguous if ignore_ambiguous_words else ()), frozenset(heteronyms))

    def __contains__(self, word: str) -> bool:
        return word in self.entries

    def read(self, text: str) -> Iterator[str]:
        """Yield phonemes, and single characters for text that is not in the dictionary.

        Args:
            text: ASCII.
        """
        for word, phonemes, other in _PARTS.findall(text):
            if word:
                yield from self._word(word.lower())
            elif other:
                yield from other
            else:
                yield from phonemes.split(" ")

    def _word(self, word: str) -> Iterator[str]:
        found = self._lookup(word)
        if found is not None or "-" not in word:
            yield from word if found is None else found
            return
        for index, part in enumerate(word.split("-")):
            if index:
                yield "-"
            found = self._lookup(part)
            yield from part if found is None else found

    def _lookup(self, word: str) -> Sequence[str] | None:
        """Return phonemes, or the letters of a heteronym, or None."""
        if word in self.heteronyms:
            return word
        if word not in self.entries:
            for ending in ("'s", "s"):  # a possessive or plural uses the phonemes of its stem
                stem = word.removesuffix(ending)
                if stem != word and stem in self.entries and stem not in self.ambiguous:
                    return [*self.entries[stem].split(" "), "Z"]
            return None
        return None if word in self.ambiguous else self.entries[word].split(" ")
