"""The engine of the punctuation network: token windows of the length that the checkpoint was trained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polygraphy.backend.trt import ShapeTuple

from export.tensorrt.models import EngineModel
from export.tensorrt.profiles import Axis, shape_range
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.samples import TEXTS, Arrays, Reference
from export.tensorrt.verification import Row
from export.verification import disagreement, relative_l2
from tritone.punctuation.windows import PAD_MULTIPLE, WindowTokenizer, stack_windows
from tritone.synthesis.limits import bucket

INPUTS = ("input_ids", "attention_mask")
# Several times what the rules of `export.tensorrt.precision` cost on the bundled checkpoint.
LOGITS_L2 = 0.01
LABELS = 0.02  # share of tokens; two labels may be about equally probable


@dataclass(frozen=True)
class PunctuationEngine(EngineModel):
    """Token ids to logits of punctuation and capitals."""

    def inputs(self, repository: RepositoryVersion, batch: Axis) -> Mapping[str, ShapeTuple]:
        """input_ids and attention_mask (B, L): long texts come in full windows, short ones unpadded."""
        (length,) = repository.sidecar(repository.caller(self.name), "punctuation.json", "max_seq_length")
        window = bucket(length, PAD_MULTIPLE)
        return {name: shape_range(batch, (PAD_MULTIPLE, window, window)) for name in INPUTS}

    def arrays(self, repository: RepositoryVersion, reference: Reference) -> Arrays:
        """Windows of English words."""
        tokenizer = WindowTokenizer.load(repository.folder(repository.caller(self.name)))
        texts = [" ".join(TEXTS[:3]) * 2, *TEXTS]
        windows = [window for text in texts for window in tokenizer.windows(text.split())]
        batch = repository.config(self.name).max_batch_size
        return dict(zip(INPUTS, stack_windows(windows[:batch]), strict=True))

    def compare(self, measured: Arrays, expected: Arrays) -> list[Row]:
        """Logits and labels of both heads, padding included, though its logits are not used."""
        rows: list[Row] = []
        for name in ("punct_logits", "capit_logits"):
            best = [side[name].argmax(axis=2).ravel().tolist() for side in (measured, expected)]
            rows += [
                (name, "relative L2", relative_l2(measured[name], expected[name]), LOGITS_L2),
                (f"{name}: label", "tokens differing", disagreement(best[0], best[1]), LABELS),
            ]
        return rows
