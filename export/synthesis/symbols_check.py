"""The served symbols of a checkpoint against NeMo's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from export.synthesis.tokenizer import tokenizer_of
from export.verification import Check, disagreement
from tritone.text.symbols import SymbolSet

UTTERANCES = (
    "a",
    "No.",
    "Hello, world!",
    "It was four o'clock; nobody had come.",
    "Where were you, and what did they say to you?",
    "The quick brown fox jumps over the lazy dog.",
)
TEXTS = (
    "",
    "'",
    "-",
    "two  words ,  spaced",
    "Mother-in-law's well-known co-operation",
    "it's Jane's dogs' bones and James's",
    "rock 'n' roll o'clock ma'am",
    "read the lead wind of live bass",
    '(brackets) [of] {all} "kinds": a/b; ok?',
    "xyzzy brrr qwertyuiop tritone's tritones",
    "SHOUTING and mIxEd CaSe",
    "trailing space ",
    " leading space",
    "e-mail re-read a--b -dash dash-",
)
"""Texts that tokenizers treat differently: apostrophes, hyphens, spaces, unknown words, several readings."""


def symbols_check(model: Any, folder: Path) -> Check:
    """The server's symbols against NeMo's."""
    texts = probe_texts(model)
    symbols = SymbolSet.load(folder)
    ours = [symbols.encode(text) for text in texts]
    theirs = [nemo_symbols(model, text) for text in texts]
    return Check(f"symbols, {len(texts)} texts", "texts differing", disagreement(ours, theirs), 0.0)


def nemo_symbols(model: Any, text: str) -> list[int]:
    """NeMo's parse(), for models with labels too, whatever their configuration says about data."""
    if tokenizer_of(model) is not None:
        return [int(symbol) for symbol in model.parse(text, normalize=False)[0]]
    from nemo.collections.common.parts.preprocessing import parsers

    labels = list(model.cfg.labels)
    parser = parsers.make_parser(
        labels=labels, name="en", abbreviation_version="fastpitch", make_table=False, do_normalize=False
    )
    return [len(labels), *parser(text.lower()), len(labels) + 1]


def probe_texts(model: Any, most: int = 300) -> list[str]:
    """Texts of words that the model's dictionary has, and of words that it lacks."""
    texts = [*TEXTS, *UTTERANCES]
    tokenizer = tokenizer_of(model)
    if tokenizer is None:
        # Models with labels have another normaliser, which changes spaces too: only plain sentences compare.
        return [text for text in UTTERANCES if all(mark in model.cfg.labels for mark in text.lower())]
    words = sorted(getattr(getattr(tokenizer, "g2p", None), "phoneme_dict", None) or ())
    chosen = [word for word in words[:: max(1, len(words) // (4 * most))] if word.isascii()]
    sentences = (" ".join(chosen[start : start + 5]) for start in range(0, len(chosen), 5))
    inflected = (f"{word}s {word}'s, {word}-{word}!" for word in chosen[::20])
    return [*texts, *sentences, *inflected]
