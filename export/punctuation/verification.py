"""The punctuation graph and tokenizer against NeMo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from export.onnx_graph import Graph
from export.punctuation.tokenizer import PROBE_WORDS
from export.verification import Check, disagreement, max_abs, relative_l2

LENGTHS = (3, 4, 17, 64, 33, 2)  # tokens, [CLS] and [SEP] included


def verify_punctuation(model: Any, graph: Graph, tokenizer: Tokenizer) -> list[Check]:
    """Compare tokens word by word, logits alone, and a padded batch with its rows alone.

    Args:
        model: the NeMo PunctuationCapitalizationModel, in eval mode.
        graph: the exported network.
        tokenizer: the exported tokenizer.
    """
    words = [*PROBE_WORDS, *probe_words(model)]
    theirs = [model.tokenizer.tokens_to_ids(model.tokenizer.text_to_tokens(word)) for word in words]
    ours = [tokenizer.encode(word, add_special_tokens=False).ids for word in words]
    rows = probe_rows(model)
    alone = [run(graph, [row])[0] for row in rows]
    expected = [nemo_logits(model, row) for row in rows]
    batch = run(graph, [*rows, []])
    return [
        Check(f"token ids, {len(words)} words", "fraction differing", disagreement(ours, theirs), 0.0),
        Check(f"logits, {len(rows)} texts", "relative L2", worst(relative_l2, alone, expected), 1e-4),
        Check("logits, padded batch against alone", "max abs", worst(max_abs, batch[:-1], alone), 1e-4),
        Check(
            "labels per token",
            "fraction differing",
            disagreement(
                *(
                    [logits.argmax(axis=1).tolist() for pair in some for logits in pair]
                    for some in (alone, expected)
                )
            ),
            0.0,
        ),
    ]


Logits = tuple[np.ndarray, np.ndarray]
"""punct_logits (L, P) and capit_logits (L, C) of one row."""


def run(graph: Graph, rows: Sequence[Sequence[int]]) -> list[Logits]:
    """Run rows of token ids as one batch, padded to the longest; a row may be empty."""
    longest = max(map(len, rows))
    ids = np.zeros((len(rows), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    punctuation, capitals = graph(input_ids=ids, attention_mask=mask).values()
    if not (np.isfinite(punctuation).all() and np.isfinite(capitals).all()):
        # Also the padding: a NaN there is one bad operator away from the row itself.
        punctuation, capitals = np.full_like(punctuation, np.nan), np.full_like(capitals, np.nan)
    return [(punctuation[i, : len(row)], capitals[i, : len(row)]) for i, row in enumerate(rows)]


@torch.no_grad()
def nemo_logits(model: Any, row: Sequence[int]) -> Logits:
    """NeMo's logits of one row."""
    ids = torch.tensor([list(row)])
    punctuation, capitals = model(
        input_ids=ids, attention_mask=torch.ones_like(ids), token_type_ids=torch.zeros_like(ids)
    )
    return punctuation[0].numpy(), capitals[0].numpy()


def worst(distance: Any, measured: Sequence[Logits], expected: Sequence[Logits]) -> float:
    """The largest distance over rows and heads."""
    return max(
        distance(a, b) for pair in zip(measured, expected, strict=True) for a, b in zip(*pair, strict=True)
    )


def probe_words(model: Any, most: int = 500) -> list[str]:
    """Words made of the vocabulary's own pieces, so that every kind of token occurs."""
    tokens = sorted(token for token in model.tokenizer.tokenizer.get_vocab() if not token.startswith("["))
    chosen = tokens[:: max(1, len(tokens) // most)]
    starts = [token for token in chosen if not token.startswith("##")]
    ends = [token[2:] for token in chosen if token.startswith("##")]
    joined = [start + ends[index % len(ends)] for index, start in enumerate(starts)] if ends else []
    return [*starts, *joined]


def probe_rows(model: Any) -> list[list[int]]:
    """Rows of random tokens between [CLS] and [SEP], of several lengths up to what the encoder takes."""
    tokenizer = model.tokenizer.tokenizer
    encoder = model.bert_model.config
    generator = np.random.default_rng(1)
    lengths = sorted({min(length, encoder.max_position_embeddings) for length in LENGTHS})
    return [
        [
            tokenizer.cls_token_id,
            *generator.integers(0, encoder.vocab_size, length - 2).tolist(),
            tokenizer.sep_token_id,
        ]
        for length in lengths
    ]
