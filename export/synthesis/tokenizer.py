"""The text side of a spectrogram model's checkpoint: symbols, pronunciations, the order of ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from export.errors import UnsupportedCheckpointError
from export.installation import Stage

TOKENIZER_MODEL = "tts_tokenizer"

# The longest utterance follows from the longest recording that a checkpoint was trained on.
CHARACTERS_PER_S = 15
SHORTEST, LONGEST = 40, 300  # characters; limits for any recordings
USUAL = 150  # where the checkpoint does not say

KINDS = {  # of tokenizer.json, by NeMo class
    "EnglishPhonemesTokenizer": "phonemes",
    "EnglishCharsTokenizer": "characters",
    "IPATokenizer": "ipa",
}

_WORD = re.compile(r"[a-z'][a-z'\-]*")  # words that NeMo's English tokenizer can look up, hyphens included


def write_tokenizer(model: Any, stage: Stage) -> None:
    """Write `tokenizer.json`, and for phonemes `pronunciations.txt` and `heteronyms.txt`.

    Args:
        model: a restored Tacotron2Model or FastPitchModel.
        stage: receives the files.

    Raises:
        UnsupportedCheckpointError: an unsupported tokenizer or setting.
    """
    fields = tokenizer_fields(model)
    longest = {"longest_utterance_characters": _longest_characters(longest_s(model.cfg))}
    stage.write_json(TOKENIZER_MODEL, "tokenizer.json", {**fields, **longest})
    if fields["kind"] != "characters":
        g2p = tokenizer_of(model).g2p
        pronunciations = [
            f"{word.lower()}  {' '.join(phonemes)}\n"
            for word, readings in g2p.phoneme_dict.items()
            for phonemes in readings
            if _WORD.fullmatch(word.lower())
        ]
        words = sorted(word.lower() for word in g2p.heteronyms or ())
        heteronyms = [f"{word}\n" for word in words if _WORD.fullmatch(word)]
        for name, lines in (("pronunciations.txt", pronunciations), ("heteronyms.txt", heteronyms)):
            stage.path(TOKENIZER_MODEL, name).write_text("".join(lines), encoding="utf-8")


def tokenizer_of(model: Any) -> Any:
    """Return a model's NeMo tokenizer; None where the checkpoint has a list of labels instead."""
    return model.vocab if hasattr(model, "vocab") else model.tokenizer


def longest_s(config: Any) -> float | None:
    """Return the longest recording of the training set in seconds, None if the checkpoint does not say."""
    dataset = (config.get("train_ds") or {}).get("dataset") or {}
    duration = dataset.get("max_duration")
    return None if duration is None else float(duration)


def tokenizer_fields(model: Any) -> dict[str, Any]:
    """Return the fields of `tokenizer.json` that decide how a text is encoded.

    Raises:
        UnsupportedCheckpointError: an unsupported tokenizer or setting.
    """
    tokenizer = tokenizer_of(model)
    if tokenizer is None:
        return _label_fields(list(model.cfg.labels))
    kind = KINDS.get(type(tokenizer).__name__)
    if kind is None:
        raise UnsupportedCheckpointError(
            f"text_tokenizer: expected {', '.join(KINDS)} or labels, got {type(tokenizer).__name__}."
        )
    _refuse(model.cfg.text_tokenizer, "text_tokenizer", "text_preprocessing_func")
    ends = [tokenizer.space] if tokenizer.pad_with_space else []
    fields = {
        "kind": kind,
        "symbols": list(tokenizer.tokens),
        "pad_id": tokenizer.pad,
        "first_ids": ends,
        "last_ids": ends,
        "punctuation": _punctuation(tokenizer) if tokenizer.punct else [],
    }
    if kind == "characters":
        return fields
    g2p, wanted = tokenizer.g2p, "IpaG2p" if kind == "ipa" else "EnglishG2p"
    if type(g2p).__name__ != wanted:
        raise UnsupportedCheckpointError(f"text_tokenizer.g2p: expected {wanted}, got {type(g2p).__name__}.")
    _refuse(model.cfg.text_tokenizer.g2p, "text_tokenizer.g2p", "apply_to_oov_word", "word_tokenize_func")
    fields["ignore_ambiguous_words"] = bool(g2p.ignore_ambiguous_words)
    if kind == "ipa":
        return {**fields, **_ipa_fields(g2p)}
    return {**fields, "stresses": bool(tokenizer.stresses)}


def _punctuation(tokenizer: Any) -> list[str]:
    return list(tokenizer.PUNCT_LIST if hasattr(tokenizer, "PUNCT_LIST") else tokenizer.punct_list)


def _ipa_fields(g2p: Any) -> dict[str, Any]:
    """Return how letters of words outside the dictionary are told from phonemes."""
    if g2p.locale != "en-US":
        raise UnsupportedCheckpointError(f"text_tokenizer.g2p.locale: expected en-US, got {g2p.locale}.")
    if g2p.grapheme_case not in ("upper", "lower"):
        raise UnsupportedCheckpointError(
            f"text_tokenizer.g2p.grapheme_case: expected upper or lower, got {g2p.grapheme_case}."
        )
    return {"upper_case_letters": g2p.grapheme_case == "upper", "letter_prefix": g2p.grapheme_prefix}


def _label_fields(labels: list[str]) -> dict[str, Any]:
    """Return the fields of early checkpoints: ids of both ends and of padding follow the labels'."""
    return {
        "kind": "characters",
        "symbols": [*labels, "<bos>", "<eos>", "<pad>"],
        "pad_id": len(labels) + 2,
        "first_ids": [len(labels)],
        "last_ids": [len(labels) + 1],
        "punctuation": [
            label for label in labels if len(label) == 1 and not label.isalnum() and label not in " '"
        ],
    }


def _refuse(settings: Mapping[str, Any], subject: str, *names: str) -> None:
    for name in names:
        if settings.get(name) is not None:
            raise UnsupportedCheckpointError(
                f"{subject}.{name}: expected none, got one; the server does not support it."
            )


def _longest_characters(duration_s: float | None) -> int:
    if duration_s is None:
        return USUAL
    return min(max(round(CHARACTERS_PER_S * duration_s), SHORTEST), LONGEST)
