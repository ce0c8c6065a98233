"""NeMo's punctuation model with its own small encoder and tokenizer, created and restored offline.

NeMo asks the Hugging Face hub which class encodes and which tokenises, although the archive holds the
encoder's configuration and the vocabulary. Here both answers are given on the spot: BERT and WordPiece.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from nemo.collections.common.tokenizers.huggingface.auto_tokenizer import AutoTokenizer
from nemo.collections.nlp.models import PunctuationCapitalizationModel
from nemo.collections.nlp.modules.common import lm_utils
from nemo.collections.nlp.modules.common.huggingface.bert import BertEncoder
from omegaconf import DictConfig
from transformers import BertConfig, BertTokenizer

DISTANCES = (1, -1, 2, -2, 3)  # tokens from a word to the one that a head of the first layer attends to
POSITION_SCALE = 4.0  # of the positions over that of the words
SHARPNESS = 1.5  # of the first layer's attention


def _encoder(
    pretrained_model_name: str, config_dict: dict[str, Any] | None = None, config_file: str | None = None
) -> BertEncoder:
    del pretrained_model_name
    return BertEncoder(
        BertConfig.from_json_file(config_file) if config_file else BertConfig(**(config_dict or {}))
    )


def _use_vocabulary(self: AutoTokenizer, pretrained_model_name: str, vocab_file: str, *_: object) -> None:
    del pretrained_model_name
    self.tokenizer = BertTokenizer(vocab_file, do_lower_case=True)


@contextmanager
def _offline() -> Iterator[None]:
    with (
        patch.object(lm_utils, "get_huggingface_lm_model", _encoder),
        patch.object(AutoTokenizer, "_initialize_tokenizer", _use_vocabulary),
    ):
        yield


def new_model(config: DictConfig) -> PunctuationCapitalizationModel:
    """Make a model to train from scratch; `config.tokenizer.vocab_file` is a WordPiece vocabulary."""
    with _offline():
        model = PunctuationCapitalizationModel(config)
    look_at_neighbours(model.bert_model)
    return model


@torch.no_grad()
def look_at_neighbours(encoder: BertEncoder) -> None:
    """Initialise the heads of the first layer to attend to the words around each word.

    Whether there is a comma between two words depends mostly on neighbours, yet an encoder with random
    positions spends most of a short training finding out who is whose neighbour. Here positions start as
    sinusoids (Vaswani et al., 3.5), and the query of head h is the key turned by that head's distance,
    so that the two agree best that many tokens away. All of it stays trainable.
    """
    config = encoder.config
    positions = encoder.embeddings.position_embeddings.weight
    length, channels = positions.shape
    half, head_size = channels // 2, channels // config.num_attention_heads
    frequency = 10000.0 ** (-torch.arange(half) / half)
    angle = torch.arange(length).unsqueeze(1) * frequency
    positions.copy_(POSITION_SCALE * config.initializer_range * torch.cat([angle.sin(), angle.cos()], dim=1))

    attention = encoder.encoder.layer[0].attention.self
    chosen = torch.arange(head_size // 2) * 2  # every second frequency, from the highest
    for head, distance in zip(range(config.num_attention_heads), DISTANCES, strict=False):
        turn = frequency[chosen] * distance
        sine_row = head * head_size + torch.arange(head_size // 2)
        cosine_row = sine_row + head_size // 2
        key, query = attention.key.weight, attention.query.weight
        key[sine_row, chosen] += SHARPNESS
        key[cosine_row, half + chosen] += SHARPNESS
        query[sine_row, chosen] += SHARPNESS * turn.cos()
        query[sine_row, half + chosen] += SHARPNESS * turn.sin()
        query[cosine_row, half + chosen] += SHARPNESS * turn.cos()
        query[cosine_row, chosen] -= SHARPNESS * turn.sin()


def restore_model(path: Path) -> PunctuationCapitalizationModel:
    """Restore a .nemo file that has a BERT encoder."""
    with _offline():
        return PunctuationCapitalizationModel.restore_from(str(path), map_location="cpu")
