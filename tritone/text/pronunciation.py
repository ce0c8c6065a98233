"""Grapheme-to-phoneme conversion with a dictionary, as in NeMo's EnglishG2p and IpaG2p."""

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
class Alphabet:
    """How words outside the dictionary are written."""

    upper: bool = False  # spelled words: capitals, lest a letter be taken for a phoneme
    prefix: str = ""  # before every letter of a spelled word, for the same reason
    ipa: bool = False  # phonemes are those of the IPA, else ARPABET's

    def spelled(self, word: str) -> list[str]:
        """Return the letters of a word in lower case as symbols."""
        return [self.prefix + letter for letter in (word.upper() if self.upper else word)]

    def inflected(self, stem: str, ending: str) -> list[str]:
        """Return the phonemes that an ending adds to a stem: s or 's."""
        if not self.ipa:
            return ["Z"]
        if stem.endswith("t"):
            return ["s"]
        return ["ɪ", "z"] if ending == "'s" and stem.endswith("s") else ["z"]


ARPABET = Alphabet()


@dataclass(frozen=True)
class Pronunciations:
    """A pronouncing dictionary."""

    entries: Mapping[str, str]  # lower-case word to its first pronunciation, phonemes between spaces
    ambiguous: frozenset[str]  # words with several pronunciations, which are spelled
    heteronyms: frozenset[str]  # words whose pronunciation depends on the meaning, also spelled
    alphabet: Alphabet = ARPABET

    @classmethod
    def load(cls, folder: Path, ignore_ambiguous_words: bool, alphabet: Alphabet = ARPABET) -> Pronunciations:
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
        spelled = ambiguous if ignore_ambiguous_words else ()
        return cls(entries, frozenset(spelled), frozenset(heteronyms), alphabet)

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
                yield from (self.alphabet.prefix + symbol for symbol in phonemes.split(" "))

    def _word(self, word: str) -> Iterator[str]:
        found = self._lookup(word)
        if found is not None or "-" not in word:
            yield from self.alphabet.spelled(word) if found is None else found
            return
        for index, part in enumerate(word.split("-")):
            if index:
                yield "-"
            found = self._lookup(part)
            yield from self.alphabet.spelled(part) if found is None else found

    def _lookup(self, word: str) -> Sequence[str] | None:
        """Return phonemes, or the letters of a heteronym, or None."""
        if word in self.heteronyms:
            return self.alphabet.spelled(word)
        if word not in self.entries:
            for ending in ("'s", "s"):  # a possessive or plural uses the phonemes of its stem
                stem = word.removesuffix(ending)
                if stem != word and stem in self.entries and stem not in self.ambiguous:
                    return [*self.entries[stem].split(" "), *self.alphabet.inflected(stem, ending)]
            return None
        return None if word in self.ambiguous else self.entries[word].split(" ")
