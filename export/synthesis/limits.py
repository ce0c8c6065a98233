"""Shapes of a voice's networks, from its configs and both checkpoints."""

from __future__ import annotations

import math
from dataclasses import dataclass

from export.tensorrt.repository_version import RepositoryVersion
from tritone.synthesis.limits import DurationLimit, bucket
from tritone.synthesis.parameters import SPEED
from tritone.synthesis.voice import Voice
from tritone.text.symbols import SymbolSet


@dataclass(frozen=True)
class VoiceLimits:
    """Minimum, usual and maximum inputs of the networks of one voice."""

    symbols_bucket: int  # symbols are padded to a multiple of it
    frames_bucket: int  # frames for the vocoder are padded to a multiple of it
    symbols: SymbolSet
    voice: Voice
    limit: DurationLimit
    slowest_speed: float = SPEED.low  # the vocoder gets 1 / this as many frames as the decoder makes

    @classmethod
    def of(cls, repository: RepositoryVersion, model: str) -> VoiceLimits:
        """Read them for the voice that a model is part of.

        Raises:
            EngineError: a file or field is missing, or the two halves of the voice do not belong together.
        """
        speaker = repository.caller(model)
        parameters = repository.parameters(speaker)
        return cls(
            parameters.count("symbols_bucket"),
            parameters.count("frames_bucket"),
            SymbolSet.load(repository.folder(repository.companion(speaker, "tokenizer.json"))),
            Voice.load(repository.folder(speaker)),
            DurationLimit(parameters.number("base_s"), parameters.number("longest_symbol_s")),
        )

    @property
    def symbols_range(self) -> tuple[int, int, int]:
        """Minimum, usual and maximum symbols of an utterance, padded."""
        return self.symbols_bucket, self.usual_symbols, self.longest_symbols

    @property
    def usual_symbols(self) -> int:
        """Symbols of a long utterance in common words, about one for a character."""
        return bucket(self.symbols.longest_utterance_characters, self.symbols_bucket)

    @property
    def longest_symbols(self) -> int:
        """Symbols of the longest utterance, in the words with most symbols per letter."""
        return bucket(longest_symbols(self.symbols), self.symbols_bucket)

    def frames(self, symbols: int) -> int:
        """The limit of mel frames for a number of symbols, at speed 1."""
        return self.limit.frames(symbols, self.voice)

    def vocoder_frames(self) -> tuple[int, int, int]:
        """Minimum, usual and maximum frames of a vocoder's input, padded."""
        usual = bucket(self.frames(self.usual_symbols) // 2, self.frames_bucket)
        longest = math.ceil(self.frames(self.longest_symbols) / self.slowest_speed)
        return self.frames_bucket, usual, bucket(longest, self.frames_bucket)


def longest_symbols(symbols: SymbolSet) -> int:
    """Symbols that an utterance of maximum length may have.

    Each letter is one symbol. A pronouncing dictionary may have several phonemes per letter, so the word with
    most phonemes for its length decides.
    """
    words = symbols.pronunciations.entries if symbols.pronunciations else {}
    # Each word is counted with a space, in letters and in symbols.
    most = max(((phonemes.count(" ") + 2) / (len(word) + 1) for word, phonemes in words.items()), default=1.0)
    edges = len(symbols.first_ids) + len(symbols.last_ids)
    return math.ceil(symbols.longest_utterance_characters * max(1.0, most)) + edges
