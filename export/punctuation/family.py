"""Exporting a PunctuationCapitalizationModel: network, tokenizer and labels."""

from __future__ import annotations

import inspect
from typing import Any

from export.family import Family
from export.onnx_graph import Graph
from export.punctuation.archive_only import archive_only
from export.punctuation.graph import PunctuationNetwork, write_punctuation
from export.punctuation.tokenizer import write_tokenizer
from export.punctuation.verification import verify_punctuation
from export.repository import Stage
from export.verification import Check


class PunctuationFamily(Family):
    """BERT and DistilBERT."""

    class_name = "PunctuationCapitalizationModel"
    models = ("punctuation_bert", "punctuation_windows")

    def restore(self) -> None:
        """Load the model from the archive alone."""
        from nemo.collections.nlp.models import PunctuationCapitalizationModel

        with archive_only():
            restored = PunctuationCapitalizationModel.restore_from(
                str(self.checkpoint.path), map_location="cpu"
            )
        self.model = restored.eval()
        self.network = PunctuationNetwork(self.model).eval()

    def build(self, stage: Stage) -> None:
        """Write graph, tokenizer and sidecars."""
        classes = (len(self.model.punct_label_ids), len(self.model.capit_label_ids))
        write_punctuation(self.network, classes, stage.path("punctuation_bert", "model.onnx"))
        write_tokenizer(self._tokenizer(), stage.path("punctuation_windows", "tokenizer.json"))
        encoder = self.model.bert_model.config
        stage.write_json(
            "punctuation_bert",
            "bert.json",
            {
                **self.provenance(),
                "encoder": encoder.model_type,
                "vocabulary": encoder.vocab_size,
                "max_positions": encoder.max_position_embeddings,
            },
        )
        stage.write_json("punctuation_windows", "punctuation.json", self._windows())

    def verify(self, stage: Stage) -> list[Check]:
        """Compare tokens, logits and predictions with NeMo."""
        return verify_punctuation(
            self.model,
            Graph(stage.path("punctuation_bert", "model.onnx")),
            stage.path("punctuation_windows", "tokenizer.json").parent,
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
            # An encoder for fewer tokens than NeMo's window leaves less room at the edges.
            "margin": max(0, min(nemo["margin"].default, (length - 2) // 2 - 1)),
            "cls_id": tokenizer.cls_token_id,
            "sep_id": tokenizer.sep_token_id,
            "pad_id": tokenizer.pad_token_id,
        }


def by_id(label_ids: dict[str, int]) -> list[str]:
    """Labels in the order of their ids."""
    return [label for label, _ in sorted(label_ids.items(), key=lambda item: item[1])]
