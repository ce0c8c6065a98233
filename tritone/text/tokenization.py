"""The text pipeline: characters, normalisation, utterances, symbols."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import TextError
from ..request_parameters import Choice
from .characters import read_paragraphs
from .english import READ_ALOUD, Normaliser, letter_names
from .symbols import SymbolSet
from .utterances import Closing, Pauses, utterances

# Of a text that goes on in another request: how it ends. Without it, nothing follows.
CLOSING = Choice("closing", (Closing.SENTENCE.value, Closing.PARAGRAPH.value), None)

_WORD = re.compile(r"[A-Za-z][A-Za-z'\-]*")


@dataclass(frozen=True)
class TextLimits:
    """Limits on a text, before and after normalisation, which expands numbers, prices and addresses."""

    text_characters: int  # of the input
    speech_s: float  # estimated duration of the speech
    symbol_s: float  # estimated duration per symbol


@dataclass(frozen=True)
class TokenizedText:
    """A text as U utterances."""

    reading: str  # in words, one paragraph per line
    symbols: tuple[NDArray[np.int64], ...]  # U arrays of ids
    pause_s: NDArray[np.float32]  # (U,) silence after each utterance, seconds


class TextTokenizer:
    """Turns texts of any length into utterances of a checkpoint's symbols.

    Args:
        symbols: of the checkpoint.
        pauses: silence between utterances.
        limits: of a text.
    """

    def __init__(self, symbols: SymbolSet, pauses: Pauses, limits: TextLimits) -> None:
        self._symbols = symbols
        self._pauses = pauses
        self._limits = limits
        self._normaliser = Normaliser(symbols.reads)

    @classmethod
    def load(cls, folder: Path, pauses: Pauses, limits: TextLimits) -> TextTokenizer:
        """Load the exporter's files; may raise ArtifactError."""
        return cls(SymbolSet.load(folder), pauses, limits)

    @property
    def pad_id(self) -> int:
        """The padding symbol after the end of a shorter utterance."""
        return self._symbols.pad_id

    def tokenize(self, data: bytes, closing: Closing | None = None) -> TokenizedText:
        """Tokenize one text.

        Args:
            data: UTF-8.
            closing: how the text ends if another one goes on; decides the silence after its last utterance.

        Raises:
            TextError: not UTF-8, too long as written or as spoken, in other scripts, or without anything to
                say.
        """
        paragraphs = read_paragraphs(data, self._limits.text_characters, READ_ALOUD)
        spoken = [self._pronounceable(self._normaliser.normalise(paragraph)) for paragraph in paragraphs]
        found = list(utterances(spoken, self._symbols.longest_utterance_characters))
        if not found:
            raise TextError(
                "text: expected at least one letter, digit or sign to read, got none; send words to speak."
            )
        pause_s = np.array([self._pauses.after(utterance.closing) for utterance in found], np.float32)
        pause_s[-1] = self._pauses.after(closing) if closing else 0
        symbols = tuple(np.array(self._symbols.encode(utterance.text), np.int64) for utterance in found)
        self._check_speech(sum(map(len, symbols)), float(pause_s.sum()))
        reading = "\n".join(paragraph for paragraph in spoken if any(map(str.isalpha, paragraph)))
        return TokenizedText(reading, symbols, pause_s)

    def _check_speech(self, symbols: int, pauses_s: float) -> None:
        speech_s = symbols * self._limits.symbol_s + pauses_s
        if speech_s > self._limits.speech_s:
            raise TextError(
                f"text: expected at most {self._limits.speech_s:g} s of speech, got about {speech_s:.0f} s "
                f"({symbols} symbols; numbers and signs become longer when spelled out); send it in parts."
            )

    def _pronounceable(self, text: str) -> str:
        """Spell the words for which the checkpoint has neither phonemes nor letters."""
        return _WORD.sub(
            lambda match: match[0] if self._symbols.spells(match[0]) else _letters(match[0]), text
        )


def _letters(word: str) -> str:
    return letter_names("".join(letter for letter in word if letter.isalpha()))


def stack_texts(
    texts: Sequence[TokenizedText], pad_id: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Stack B texts of different numbers of utterances.

    Returns:
        symbols (B, U, S) padded with `pad_id`, symbols_length (B, U) with 0 for missing utterances, and
        pause_s (B, U).
    """
    most = max(len(text.symbols) for text in texts)
    longest = max(len(row) for text in texts for row in text.symbols)
    symbols = np.full((len(texts), most, longest), pad_id, np.int64)
    symbols_length = np.zeros((len(texts), most), np.int64)
    pause_s = np.zeros((len(texts), most), np.float32)
    for index, text in enumerate(texts):
        pause_s[index, : len(text.pause_s)] = text.pause_s
        for place, row in enumerate(text.symbols):
            symbols[index, place, : len(row)] = row
            symbols_length[index, place] = len(row)
    return symbols, symbols_length, pause_s
