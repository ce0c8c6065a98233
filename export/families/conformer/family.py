"""Exporting CTC models, and the CTC head of hybrid ones, with a Conformer or FastConformer encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from export.comparison import Comparison
from export.families.conformer import MODEL
from export.published import hugging_face, ngc
from export.recognition.benchmark import comparison
from export.recognition.recogniser import PARTS, RecogniserFamily

_STREAMING = "cache-aware streaming: its attention is chunked and its convolutions are causal"


class Conformer(RecogniserFamily):
    """Conformer and FastConformer, Parakeet among them."""

    name = "conformer"
    class_name = "EncDecCTCModelBPE"
    describes = "CTC recognition with a Conformer or FastConformer encoder"
    network_model = MODEL
    encoder = "ConformerEncoder"
    quantized = ("MatMul",)
    comparison: ClassVar[Comparison | None] = comparison(MODEL, at_least=1.3)
    models = (MODEL, *PARTS)
    published = {  # noqa: RUF012 - never modified
        "stt_en_conformer_ctc_small": hugging_face("stt_en_conformer_ctc_small", 49.1),
        "stt_en_conformer_ctc_medium": ngc("stt_en_conformer_ctc_medium", "1.6.0"),
        "stt_en_conformer_ctc_large": hugging_face("stt_en_conformer_ctc_large", 451),
        "stt_en_conformer_ctc_xlarge": ngc("stt_en_conformer_ctc_xlarge", "1.10.0"),
        "stt_en_conformer_ctc_small_ls": ngc("stt_en_conformer_ctc_small_ls", "1.0.0"),
        "stt_en_conformer_ctc_medium_ls": ngc("stt_en_conformer_ctc_medium_ls", "1.0.0"),
        "stt_en_conformer_ctc_large_ls": ngc("stt_en_conformer_ctc_large_ls", "1.0.0"),
        "stt_en_fastconformer_ctc_large": hugging_face("stt_en_fastconformer_ctc_large", 463),
        "stt_en_fastconformer_ctc_large_ls": ngc("stt_en_fastconformer_ctc_large_ls", "1.0.0"),
        "stt_en_fastconformer_ctc_xlarge": hugging_face("stt_en_fastconformer_ctc_xlarge", 2440),
        "stt_en_fastconformer_ctc_xxlarge": hugging_face("stt_en_fastconformer_ctc_xxlarge", 4250),
        "parakeet-ctc-0.6b": hugging_face("parakeet-ctc-0.6b", 2440),
        "parakeet-ctc-1.1b": hugging_face("parakeet-ctc-1.1b", 4250),
    }

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
    comparison = None  # the network is the same
    class_name = "EncDecCTCModel"
    published = {}  # noqa: RUF012 - never modified


class ConformerHybrid(Conformer):
    """The CTC head of a model that has a transducer beside it."""

    name = "conformer_hybrid"
    comparison = None  # the network is the same
    class_name = "EncDecHybridRNNTCTCBPEModel"
    published = {  # noqa: RUF012 - never modified
        "stt_en_fastconformer_hybrid_large_pc": hugging_face("stt_en_fastconformer_hybrid_large_pc", 459),
        **{
            name: ngc(name, "1.20.0", refused=_STREAMING)
            for name in (
                "stt_en_fastconformer_hybrid_large_streaming_80ms",
                "stt_en_fastconformer_hybrid_large_streaming_480ms",
                "stt_en_fastconformer_hybrid_large_streaming_1040ms",
                "stt_en_fastconformer_hybrid_large_streaming_multi",
            )
        },
    }

    def decoder(self) -> Any:
        """The CTC head."""
        return self.model.ctc_decoder
