"""The punctuation graph and tokenizer against NeMo."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from export.families.punctuation_bert.tokenizer import PROBE_WORDS
from export.onnx_graph import Graph
from export.verification import Check, disagreement, max_abs, relative_l2
from tritone.punctuation.marks import is_bare
from tritone.punctuation.restoration import Batch, Labels, PunctuationRestorer
from tritone.punctuation.windows import WindowTokenizer

ROW_LENGTHS = (2, 3, 4, 17, 33, 64)  # tokens, [CLS] and [SEP] included
TEXT_LENGTHS = (1, 20, 61, 62, 63, 71, 200)  # words; windows of NeMo hold 62 tokens


def verify_punctuation(model: Any, graph: Graph, folder: Path) -> list[Check]:
    """Compare tokens word by word, logits alone, a padded batch with its rows alone, and punctuated texts.

    Args:
        model: the NeMo PunctuationCapitalizationModel, in eval mode.
        graph: the exported network.
        folder: holds tokenizer.json and punctuation.json.
    """
    words = [*PROBE_WORDS, *probe_words(model)]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    theirs = [model.tokenizer.tokens_to_ids(model.tokenizer.text_to_tokens(word)) for word in words]
    ours = [tokenizer.encode(word, add_special_tokens=False).ids for word in words]
    rows = probe_rows(model)
    alone = [run(graph, [row])[0] for row in rows]
    batch = run(graph, [*rows, []])
    texts = probe_texts(model)
    return [
        Check(f"token ids, {len(words)} words", "words differing", disagreement(ours, theirs), 0.0),
        Check(
            f"logits, {len(rows)} rows",
            "relative L2",
            worst(relative_l2, alone, [nemo_logits(model, row) for row in rows]),
            1e-4,
        ),
        Check("logits, padded batch against alone", "max abs", worst(max_abs, batch[:-1], alone), 1e-4),
        Check(
            f"add_punctuation_capitalization(), {len(texts)} texts, {sum(map(len, texts))} words",
            "words differing",
            disagreement(restored(graph, folder, texts), nemo_restored(model, folder, texts)),
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
        # The padding too: one wrong operator would carry a NaN from there into the row.
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
    """Rows of random tokens between [CLS] and [SEP], of several lengths up to the encoder's maximum."""
    tokenizer = model.tokenizer.tokenizer
    encoder = model.bert_model.config
    generator = np.random.default_rng(1)
    lengths = sorted({min(length, encoder.max_position_embeddings) for length in ROW_LENGTHS})
    return [
        [
            tokenizer.cls_token_id,
            *generator.integers(0, encoder.vocab_size, length - 2).tolist(),
            tokenizer.sep_token_id,
        ]
        for length in lengths
    ]


def probe_texts(model: Any) -> list[list[str]]:
    """Texts of the vocabulary's words, around the length of one window and far beyond it.

    Words without marks: NeMo adds marks to existing ones, the library leaves those as they are.
    """
    words = [word for word in probe_words(model) if is_bare(word)]
    generator = np.random.default_rng(2)
    return [[words[index] for index in generator.integers(0, len(words), length)] for length in TEXT_LENGTHS]


def restored(graph: Graph, folder: Path, texts: Sequence[Sequence[str]]) -> list[str]:
    """Words as the library writes them with the exported files."""

    def network(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
        logits = graph(input_ids=batch[0], attention_mask=batch[1])
        return logits["punct_logits"], logits["capit_logits"]

    labels = Labels.load(folder / "punctuation.json")
    restorer = PunctuationRestorer(WindowTokenizer.load(folder), labels, network)
    return [word for text in texts for word in restorer.restore(" ".join(text)).split()]


def nemo_restored(model: Any, folder: Path, texts: Sequence[Sequence[str]]) -> list[str]:
    """Words as NeMo writes them, one text at a time: its window length depends on what else it is given."""
    settings = json.loads((folder / "punctuation.json").read_text(encoding="utf-8"))
    windows = {name: settings[name] for name in ("max_seq_length", "step", "margin")}
    answers = (model.add_punctuation_capitalization([" ".join(text)], **windows) for text in texts)
    return [word for answer in answers for word in answer[0].split()]
