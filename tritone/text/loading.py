"""Load a tokenizer from its folder and its parameters."""

from __future__ import annotations

from pathlib import Path

from ..model_parameters import Parameters
from .tokenization import TextLimits, TextTokenizer
from .utterances import Pauses

_PAUSES = ("sentence", "clause", "cut", "paragraph")


def load_tokenizer(folder: Path, parameters: Parameters) -> TextTokenizer:
    """Load the tokenizer of a checkpoint.

    Args:
        folder: holds the exporter's files for the tokenizer.
        parameters: of the model: pauses after each kind of utterance, and limits on the text.

    Raises:
        ArtifactError: a file or a parameter is missing or wrong.
    """
    pauses = Pauses(**{kind: parameters.number(f"{kind}_pause_s") for kind in _PAUSES})
    limits = TextLimits(
        parameters.count("longest_text_characters"),
        parameters.number("longest_speech_s"),
        parameters.number("symbol_s"),
    )
    return TextTokenizer.load(folder, pauses, limits)
