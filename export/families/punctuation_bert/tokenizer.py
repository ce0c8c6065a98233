"""The checkpoint's tokenizer as one `tokenizer.json`, which runs without transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

LONGEST_WORD = 100  # characters; BERT's WordPiece returns [UNK] for longer words


def convert(reference: Any) -> Tokenizer:
    """Rebuild a BERT tokenizer.

    No special tokens are added to a text: the caller tokenises word by word and frames whole windows itself.

    Args:
        reference: transformers' BertTokenizer, as NeMo holds it.
    """
    tokenizer = Tokenizer(
        WordPiece(
            reference.get_vocab(),
            unk_token=reference.unk_token,
            max_input_chars_per_word=LONGEST_WORD,
            continuing_subword_prefix="##",
        )
    )
    tokenizer.normalizer = BertNormalizer(
        clean_text=True,
        handle_chinese_chars=True,
        strip_accents=None,
        lowercase=reference.do_lower_case,
    )
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.decoder = WordPieceDecoder(prefix="##")
    tokenizer.add_special_tokens(
        [
            reference.pad_token,
            reference.unk_token,
            reference.cls_token,
            reference.sep_token,
            reference.mask_token,
        ]
    )
    return tokenizer


def write_tokenizer(reference: Any, path: Path) -> None:
    """Write `tokenizer.json`."""
    convert(reference).save(str(path))


# fmt: off
PROBE_WORDS = [
    "the", "hello", "speech", "recognition", "unbelievable", "don't", "o'clock", "rock'n'roll", "e.g.",
    "u.s.", "3.14", "1984", "50%", "$20", "a/b", "e-mail", "http://a.b/c?d=e", "@user", "_", "#", "##ing",
    "...", "---", "'\''", '"', "caf\u00e9", "e\u0301", "na\u00efve", "Stra\u00dfe", "\u00c5NGSTR\u00d6M",
    "\u0130stanbul", "i\u0307", "\ufb01ne", "\u00bd", "\u00b2", "\u00b5", "\u01c5", "\u200bzero\u200bwidth",
    "soft\u00adhyphen", "a\u00a0b", "\u3000", "\u4f60\u597d", "\u65e5\u672c\u8a9e", "\ud55c\uad6d\uc5b4",
    "\u0440\u0443\u0441\u0441\u043a\u0438\u0439", "\u0639\u0631\u0628",
    "\u0939\u093f\u0928\u094d\u0926\u0940", "\U0001f600", "\U0001f1e9\U0001f1ea",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\ufffd", "\ue000", "\x00", "\x07", "a\x00b", "[SEP]",
    "[CLS]", "[UNK]", "[MASK]", "[PAD]", "[sep]", "x[SEP]y", "a" * 99, "a" * 100, "a" * 101, "x" * 1000,
]
# fmt: on
"""Words that tokenizers disagree about: accents, case, CJK, emoji, control characters, special tokens."""
