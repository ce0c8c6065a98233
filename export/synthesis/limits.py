"""Shapes of a voice's networks, as its configs and both checkpoints decide them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from export.tensorrt.repository_version import RepositoryVersion
from tritone.synthesis.limits import StepLimit, bucket
from tritone.synthesis.parameters import SPEED
from tritone.synthesis.voice import Voice
from tritone.text.symbols import SymbolSet


@dataclass(frozen=True)
class VoiceLimits:
    """What the networks of one voice are given at least, usually and at most."""

    symbols_bucket: int  # symbols are padded to a multiple of it
    frames_bucket: int  # frames for the vocoder are padded to a multiple of it
    symbols: SymbolSet
    voice: Voice
    limit: StepLimit
    slowest_speed: float = SPEED[0]  # the vocoder gets 1 / this as many frames as the decoder makes

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
            StepLimit(parameters.number("base_s"), parameters.number("longest_symbol_s")),
        )

    @property
    def usual_symbols(self) -> int:
        """Symbols of a long utterance in common words, about one for a character."""
        return bucket(self.symbols.longest_utterance_characters, self.symbols_bucket)

    @property
    def longest_symbols(self) -> int:
        """Symbols of the longest utterance in the words with most symbols for their letters."""
        return bucket(longest_symbols(self.symbols), self.symbols_bucket)

    def steps(self, symbols: int) -> int:
        """Decoder steps that so many symbols get."""
        return self.limit.steps(symbols, self.voice)

    def frames(self, steps: int, speed: float = 1.0) -> int:
        """Frames for the vocoder, padded, of so many steps at some speed."""
        return bucket(math.ceil(steps * self.voice.frames_per_step / speed), self.frames_bucket)


def longest_symbols(symbols: SymbolSet) -> int:
    """How many symbols an utterance of the longest text may have.

    Letters are symbols of their own; a pronouncing dictionary may have several for one letter, so the word
    that has most of them for its length decides.
    """
    words = symbols.pronunciations.entries if symbols.pronunciations else {}
    # A space goes with every word, on both sides of the comparison.
    most = max(((phonemes.count(" ") + 2) / (len(word) + 1) for word, phonemes in words.items()), default=1.0)
    edges = len(symbols.first_ids) + len(symbols.last_ids)
    return math.ceil(symbols.longest_utterance_characters * max(1.0, most)) + edges
