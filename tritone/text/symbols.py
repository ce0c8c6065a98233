"""The symbols of a checkpoint, and the conversion of normalised text to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import ArtifactError
from ..sidecar import read_sidecar
from .pronunciation import Alphabet, Pronunciations

_SPACE, _APOSTROPHE = " ", "'"


@dataclass(frozen=True)
class SymbolSet:
    """A checkpoint's symbols (NeMo EnglishPhonemesTokenizer, IPATokenizer, EnglishCharsTokenizer)."""

    symbols: tuple[str, ...]  # by id
    pad_id: int  # after the end of shorter rows of a batch
    first_ids: tuple[int, ...]  # before every utterance
    last_ids: tuple[int, ...]  # after every utterance
    punctuation: tuple[str, ...]  # punctuation marks among the symbols
    longest_utterance_characters: int  # longest training utterance of the checkpoint
    pronunciations: Pronunciations | None = None  # None: symbols are characters
    stresses: bool = True  # phonemes end with a stress digit

    @classmethod
    def load(cls, folder: Path) -> SymbolSet:
        """Read `tokenizer.json` and the dictionary beside it, as the exporter wrote them.

        Raises:
            ArtifactError: a file or a field is missing, or the kind is unknown.
        """
        path = folder / "tokenizer.json"
        names = ("kind", "symbols", "pad_id", "first_ids", "last_ids", "punctuation")
        kind, symbols, pad_id, first_ids, last_ids, punctuation, longest = read_sidecar(
            path, *names, "longest_utterance_characters"
        )
        plain = (tuple(symbols), pad_id, tuple(first_ids), tuple(last_ids), tuple(punctuation), longest)
        if kind == "characters":
            return cls(*plain)
        if kind == "ipa":
            upper, prefix, ignore = read_sidecar(
                path, "upper_case_letters", "letter_prefix", "ignore_ambiguous_words"
            )
            return cls(*plain, Pronunciations.load(folder, ignore, Alphabet(upper, prefix, ipa=True)))
        if kind != "phonemes":
            raise ArtifactError(
                f"{path}: expected the kind characters, phonemes or ipa, got {kind!r}; export again."
            )
        stresses, ignore_ambiguous = read_sidecar(path, "stresses", "ignore_ambiguous_words")
        return cls(*plain, Pronunciations.load(folder, ignore_ambiguous), stresses)

    def encode(self, text: str) -> list[int]:
        """Return the ids of an utterance; other characters are dropped, as in NeMo.

        Args:
            text: ASCII.
        """
        found = self._spaced(self._units(text))
        return [*self.first_ids, *(self._ids[symbol] for symbol in found), *self.last_ids]

    def reads(self, word: str) -> bool:
        """Whether lower-case letters are a word: in the dictionary or, without one, with a vowel."""
        if self.pronunciations is not None:
            return word in self.pronunciations
        return bool(set(word) & set("aeiouy"))

    def spells(self, word: str) -> bool:
        """Whether a word can be encoded without dropping anything."""
        return all(unit in self._ids or unit in "-'" for unit in self._units(word))

    def _units(self, text: str) -> Iterable[str]:
        if self.pronunciations is None:
            return text.lower()
        if self.stresses:
            return self.pronunciations.read(text)
        units = self.pronunciations.read(text)
        return (unit[:2] if len(unit) == 3 and unit.isalnum() else unit for unit in units)

    def _spaced(self, units: Iterable[str]) -> Iterator[str]:
        """Keep symbols, with single spaces between words and none at the ends.

        NeMo's IPATokenizer keeps all spaces but those at the end.
        """
        gap, started = 0, False
        for unit in units:
            if unit == _SPACE:
                gap = gap + 1 if self._is_ipa else int(started)
            elif unit in self._spoken or unit in self.punctuation:
                yield from _SPACE * gap
                yield unit
                gap, started = 0, True

    @property
    def _is_ipa(self) -> bool:
        return self.pronunciations is not None and self.pronunciations.alphabet.ipa

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {symbol: index for index, symbol in enumerate(self.symbols)}

    @cached_property
    def _spoken(self) -> frozenset[str]:
        if self._is_ipa:
            return frozenset(self.symbols)  # stress marks too
        return frozenset(symbol for symbol in self.symbols if symbol.isalnum() or symbol == _APOSTROPHE)
