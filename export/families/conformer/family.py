"""Exporting CTC models, and the CTC head of hybrid ones, with a Conformer or FastConformer encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from export.families.conformer import MODEL
from export.recognition.recogniser import PARTS, RecogniserFamily, ngc_paths


class Conformer(RecogniserFamily):
    """Conformer and FastConformer, Parakeet among them."""

    name = "conformer"
    class_name = "EncDecCTCModelBPE"
    describes = "CTC recognition with a Conformer or FastConformer encoder"
    network_model = MODEL
    encoder = "ConformerEncoder"
    quantized = ("MatMul",)
    models = (MODEL, *PARTS)
    published = ngc_paths(
        {
            "stt_en_conformer_ctc_small": "1.6.0",
            "stt_en_conformer_ctc_medium": "1.6.0",
            "stt_en_conformer_ctc_large": "1.10.0",
            "stt_en_conformer_ctc_small_ls": "1.0.0",
            "stt_en_conformer_ctc_medium_ls": "1.0.0",
            "stt_en_conformer_ctc_large_ls": "1.0.0",
            "stt_en_fastconformer_ctc_large": "1.0.0",
            "stt_en_fastconformer_ctc_large_ls": "1.0.0",
        }
    )

    @classmethod
    def write_random(cls, path: Path) -> None:
        """Write a FastConformer of 115 M parameters."""
        from export.families.conformer.random_checkpoint import write

        write(path)

    def restore_network(self) -> Any:
        """Return encoder and decoder as one flat module."""
        from export.families.conformer.graph import AcousticModel

        return AcousticModel(self.model.encoder, self.decoder())


class ConformerLetters(Conformer):
    """The same over letters."""

    name = "conformer_letters"
    class_name = "EncDecCTCModel"
    published = ngc_paths({})


class ConformerHybrid(Conformer):
    """The CTC head of a model that has a transducer beside it."""

    name = "conformer_hybrid"
    class_name = "EncDecHybridRNNTCTCBPEModel"
    published = ngc_paths({"stt_en_fastconformer_hybrid_large_pc": "1.21.0"})

    def decoder(self) -> Any:
        """The CTC head."""
        return self.model.ctc_decoder
