"""Punctuation models with random weights: for tests, and for measuring the speed of a BERT-base."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
BERT_BASE = {
    "model_type": "bert",
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 512,
}


def vocabulary(size: int) -> list[str]:
    """WordPiece tokens: the special ones, letters, digits, punctuation, pieces of two and three letters."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    single = [*letters, *"0123456789", *"'-.,?!$%&()/:;"]
    pairs = [a + b for a in letters for b in letters]
    pieces = [*single, *(f"##{letter}" for letter in single), *pairs, *(f"##{pair}" for pair in pairs)]
    pieces += [a + b for a in pairs for b in letters] + [f"##{a}{b}" for a in pairs for b in letters]
    return (SPECIAL_TOKENS + pieces)[:size]


def save_punctuation_model(encoder: dict[str, Any], vocabulary_size: int, path: Path) -> None:
    """Write a NeMo PunctuationCapitalizationModel with random weights.

    Args:
        encoder: a BertConfig or DistilBertConfig as a dictionary, without vocab_size.
        vocabulary_size: tokens.
        path: the .nemo file.
    """
    import torch
    from nemo.collections.nlp.models import PunctuationCapitalizationModel
    from omegaconf import OmegaConf

    from export.families.punctuation_bert.archive_only import archive_only

    tokens = vocabulary(vocabulary_size)
    with tempfile.TemporaryDirectory() as folder:
        vocabulary_file = Path(folder) / "vocab.txt"
        vocabulary_file.write_text("\n".join(tokens) + "\n", encoding="utf-8")
        encoder_file = Path(folder) / "encoder.json"
        encoder_file.write_text(json.dumps({**encoder, "vocab_size": len(tokens)}), encoding="utf-8")
        name = f"{encoder['model_type']}-base-uncased"
        head = {"num_fc_layers": 1, "fc_dropout": 0.1, "activation": "relu", "use_transformer_init": True}
        config = {
            "class_labels": {
                "punct_labels_file": "punct_labels.csv",
                "capit_labels_file": "capit_labels.csv",
            },
            "common_dataset_parameters": {
                "pad_label": "O",
                "ignore_extra_tokens": False,
                "ignore_start_end": True,
                "punct_label_ids": {"O": 0, ",": 1, ".": 2, "?": 3},
                "capit_label_ids": {"O": 0, "U": 1},
                "label_vocab_dir": None,
            },
            "train_ds": None,
            "validation_ds": None,
            "test_ds": None,
            "punct_head": head,
            "capit_head": head,
            "tokenizer": {
                "tokenizer_name": name,
                "vocab_file": str(vocabulary_file),
                "tokenizer_model": None,
                "special_tokens": None,
            },
            "language_model": {
                "pretrained_model_name": name,
                "config_file": str(encoder_file),
                "config": None,
                "lm_checkpoint": None,
            },
            "optim": None,
        }
        torch.manual_seed(1)
        with archive_only():
            model = PunctuationCapitalizationModel(cfg=OmegaConf.create(config)).eval()
            model.save_to(str(path))


def write(path: Path) -> None:
    """Write a BERT-base with as many tokens as the published one."""
    save_punctuation_model(BERT_BASE, 30522, path)
