"""The checkpoint's tokenizer as one `tokenizer.json`, which needs no transformers to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

LONGEST_WORD = 100  # characters; BERT's WordPiece answers [UNK] beyond


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


PROBE_WORDS = (
    "the hello speech recognition unbelievable don't o'clock rock'n'roll e.g. u.s. 3.14 1984 50% $20 a/b e-mail "
    "café naïve Straße ÅNGSTRÖM ﬁne ½ ² µ İstanbul ǅ \u0130 i\u0307 e\u0301 \u200bzero\u200bwidth soft\u00adhyphen "
    "你好 日本語テキスト 한국어 русский العربية हिन्दी 😀 👨‍👩‍👧 🇩🇪 \ufffd \ue000 \u0000 \u0007 a\u0000b ... --- ''' \" [SEP] "
    "[CLS] [UNK] [MASK] [PAD] [sep] x[SEP]y ##ing # _ @user http://a.b/c?d=e"
).split(" ") + ["a" * 99, "a" * 100, "a" * 101, "x" * 1000, "\u3000", "a\u00a0b"]
"""Words that tokenizers disagree about: accents, case folding, CJK, emoji, control characters, special tokens, length."""
