"""Restoring a punctuation model from its archive alone.

NeMo requests the encoder's class and the tokenizer from the Hugging Face hub, though the archive has the
encoder's configuration and the vocabulary. Here both come from the archive.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from export.errors import UnsupportedCheckpointError

SUPPORTED_ENCODERS = ("bert", "distilbert")


def build_encoder(
    pretrained_model_name: str, config_dict: dict[str, Any] | None = None, config_file: str | None = None
) -> Any:
    """Build the encoder that the configuration describes, with random weights (NeMo loads them afterwards).

    Takes NeMo's arguments for `get_huggingface_lm_model`.

    Raises:
        UnsupportedCheckpointError: no configuration, or another kind of encoder.
    """
    from nemo.collections.nlp.modules.common.huggingface.bert import BertEncoder
    from nemo.collections.nlp.modules.common.huggingface.distilbert import DistilBertEncoder
    from transformers import BertConfig, DistilBertConfig

    if config_file and Path(config_file).is_file():
        config_dict = json.loads(Path(config_file).read_text(encoding="utf-8"))
    if not config_dict:
        raise UnsupportedCheckpointError(
            f"language_model: the archive has no encoder configuration for {pretrained_model_name}; "
            "restore it with NeMo where the network is allowed and save it again."
        )
    kind = config_dict.get("model_type", "bert")
    if kind not in SUPPORTED_ENCODERS:
        raise UnsupportedCheckpointError(
            f"language_model: expected {' or '.join(SUPPORTED_ENCODERS)}, got {kind}."
        )
    encoder, config = (BertEncoder, BertConfig) if kind == "bert" else (DistilBertEncoder, DistilBertConfig)
    # Attention as plain matrix products, which export to standard operators; the reference uses it too.
    return encoder(config.from_dict({**config_dict, "attn_implementation": "eager"}))


def build_tokenizer(vocabulary: str | Path) -> Any:
    """The WordPiece tokenizer of a vocabulary file, the slow reference implementation that NeMo uses."""
    from transformers import BertTokenizer

    return BertTokenizer(str(vocabulary), do_lower_case=is_uncased(vocabulary))


def is_uncased(vocabulary: str | Path) -> bool:
    """Whether a vocabulary has capitals in special tokens only, so that text must be lowercased first."""
    tokens = Path(vocabulary).read_text(encoding="utf-8").splitlines()
    return not any(
        token != token.lower() for token in tokens if not (token.startswith("[") and token.endswith("]"))
    )


@contextmanager
def archive_only() -> Iterator[None]:
    """While active, NeMo builds encoder and tokenizer from files, without the hub or shared scratch files.

    NeMo writes the encoder's configuration to a file in the user's cache, named after the encoder alone, and
    copies it from there when it saves: two processes at once would save each other's.
    """
    from nemo.collections.common.tokenizers.huggingface.auto_tokenizer import AutoTokenizer
    from nemo.collections.nlp.models import nlp_model
    from nemo.collections.nlp.modules.common import lm_utils

    def initialize(
        self: Any, pretrained_model_name: str, vocab_file: str | None = None, *_: Any, **__: Any
    ) -> None:
        if vocab_file is None:
            raise UnsupportedCheckpointError(
                f"tokenizer: the archive has no vocabulary for {pretrained_model_name}; "
                "restore it with NeMo where the network is allowed and save it again."
            )
        self.tokenizer = build_tokenizer(vocab_file)

    with tempfile.TemporaryDirectory() as scratch, ExitStack() as replaced:
        for owner, name, value in (
            (lm_utils, "get_huggingface_lm_model", build_encoder),
            (AutoTokenizer, "_initialize_tokenizer", initialize),
            (nlp_model, "NEMO_NLP_TMP", scratch),
        ):
            replaced.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, value)
        yield
