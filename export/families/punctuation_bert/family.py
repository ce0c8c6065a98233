"""Exporting a PunctuationCapitalizationModel: network, tokenizer and labels."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.families.punctuation_bert import MODEL
from export.family import Family
from export.installation import Stage
from export.published import ngc
from export.verification import Check

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel

WINDOWS = "punctuation_windows"


class PunctuationBert(Family):
    """BERT and DistilBERT."""

    name = "punctuation_bert"
    role = "punctuation"
    class_name = "PunctuationCapitalizationModel"
    nemo_models = "nemo.collections.nlp.models"
    describes = "punctuation and capitals with a BERT or DistilBERT encoder"
    models = (MODEL, WINDOWS)
    published = {  # noqa: RUF012 - never modified
        name: ngc(name, "1.0.0rc1") for name in ("punctuation_en_bert", "punctuation_en_distilbert")
    }

    @classmethod
    def load(cls, path: Path) -> Any:
        """Return the PunctuationCapitalizationModel, without the Hugging Face hub."""
        from export.families.punctuation_bert.archive_only import archive_only

        with archive_only():
            return super().load(path)

    @classmethod
    def engines(cls) -> Sequence[EngineModel]:
        """The network."""
        from export.families.punctuation_bert.engine import PunctuationEngine

        return (PunctuationEngine(MODEL),)

    @classmethod
    def write_random(cls, path: Path) -> None:
        """Write a BERT-base."""
        from export.families.punctuation_bert.random_checkpoint import write

        write(path)

    def restore(self) -> None:
        """Load the model from the archive alone."""
        from export.families.punctuation_bert.graph import PunctuationNetwork

        self.model = self.load(self.checkpoint.path)
        self.network = PunctuationNetwork(self.model).eval()

    def build(self, stage: Stage) -> None:
        """Write graph, tokenizer and sidecars."""
        from export.families.punctuation_bert.graph import write_punctuation
        from export.families.punctuation_bert.tokenizer import write_tokenizer
        from export.half_weights import store_halves

        graph = stage.path(MODEL, "model.onnx")
        classes = (len(self.model.punct_label_ids), len(self.model.capit_label_ids))
        write_punctuation(self.network, classes, graph)
        store_halves(graph)
        write_tokenizer(self._tokenizer(), stage.path(WINDOWS, "tokenizer.json"))
        encoder = self.model.bert_model.config
        stage.write_json(
            MODEL,
            "bert.json",
            {
                **self.provenance(),
                "encoder": encoder.model_type,
                "vocabulary": encoder.vocab_size,
                "max_positions": encoder.max_position_embeddings,
            },
        )
        stage.write_json(WINDOWS, "punctuation.json", self._windows())

    def verify(self, stage: Stage) -> list[Check]:
        """Compare tokens, logits and predictions with NeMo."""
        from export.families.punctuation_bert.verification import verify_punctuation
        from export.onnx_graph import Graph

        return verify_punctuation(
            self.model,
            Graph(stage.path(MODEL, "model.onnx")),
            stage.path(WINDOWS, "tokenizer.json").parent,
        )

    def _tokenizer(self) -> Any:
        return self.model.tokenizer.tokenizer

    def _windows(self) -> dict[str, Any]:
        """Labels by id, special tokens, and how NeMo cuts a long text."""
        tokenizer = self._tokenizer()
        nemo = inspect.signature(type(self.model).add_punctuation_capitalization).parameters
        length = min(nemo["max_seq_length"].default, self.model.bert_model.config.max_position_embeddings)
        return {
            "punct_labels": by_id(self.model.punct_label_ids),
            "capit_labels": by_id(self.model.capit_label_ids),
            "pad_label": self.model._cfg.common_dataset_parameters.pad_label,
            "max_seq_length": length,
            "step": nemo["step"].default,
            # An encoder for fewer tokens than NeMo's window has smaller margins.
            "margin": max(0, min(nemo["margin"].default, (length - 2) // 2 - 1)),
            "cls_id": tokenizer.cls_token_id,
            "sep_id": tokenizer.sep_token_id,
            "pad_id": tokenizer.pad_token_id,
        }


def by_id(label_ids: dict[str, int]) -> list[str]:
    """Labels in the order of their ids."""
    return [label for label, _ in sorted(label_ids.items(), key=lambda item: item[1])]
