"""The label table of a checkpoint, for the sidecars of joining and decoding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from export.errors import UnsupportedCheckpointError
from tritone.recognition.labels import letter_fields

SPACE = "\N{LOWER ONE EIGHTH BLOCK}"  # what SentencePiece writes for a space
CONTINUES = "##"  # what WordPiece writes in front of a piece inside a word
MARKS = re.compile(r"[.,;:?!%)\]}\N{HORIZONTAL ELLIPSIS}\N{RIGHT DOUBLE QUOTATION MARK}]+")
BYTE = re.compile(r"<0x([0-9A-F]{2})>")
UNKNOWN = ("<unk>", "[UNK]")


def label_fields(model: Any, vocabulary: Sequence[str]) -> dict[str, Any]:
    """Return what a sidecar says of the labels.

    Args:
        model: a NeMo CTC model; one with a tokenizer writes words in pieces.
        vocabulary: of its decoder, without the blank, which comes last.

    Raises:
        UnsupportedCheckpointError: a tokenizer of another kind.
    """
    labels = [str(label) for label in vocabulary]
    tokenizer = getattr(model, "tokenizer", None)
    if tokenizer is None:
        return letter_fields(labels, len(labels))
    kind = type(tokenizer).__name__
    if kind == "SentencePieceTokenizer":
        starts = [label.startswith(SPACE) for label in labels]
        texts = [label.replace(SPACE, " ").strip(" ") for label in labels]
    elif kind == "AutoTokenizer":
        starts = [not label.startswith(CONTINUES) for label in labels]
        texts = [label.removeprefix(CONTINUES) for label in labels]
    else:
        raise UnsupportedCheckpointError(
            f"tokenizer: expected SentencePiece or WordPiece, got {kind}; no exporter reads it."
        )
    return piece_fields(labels, texts, starts)


def piece_fields(labels: Sequence[str], texts: Sequence[str], starts: Sequence[bool]) -> dict[str, Any]:
    """Return the fields for pieces: their names, what they write, and which of them start a word."""
    bytes_ = [
        [index, int(found[1], 16)] for index, label in enumerate(labels) if (found := BYTE.fullmatch(label))
    ]
    single = {index for index, _ in bytes_}
    marks = [index for index, text in enumerate(texts) if MARKS.fullmatch(text)]
    return {
        "labels": ["" if index in single else text for index, text in enumerate(texts)],
        "blank_index": len(labels),
        "starts_word": [
            index
            for index, start in enumerate(starts)
            if start and index not in marks and index not in single
        ],
        "joins_previous": marks,
        "unknown": [index for index, label in enumerate(labels) if label in UNKNOWN],
        "bytes": bytes_,
    }
