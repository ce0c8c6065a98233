"""Exporting CTC models, and the CTC head of hybrid ones, with a Conformer or FastConformer encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from export.families.conformer import MODEL
from export.recognition.recogniser import PARTS, RecogniserFamily

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel


def published(versions: Mapping[str, str]) -> dict[str, str]:
    """NGC paths of checkpoints from their names and versions."""
    return {
        name: f"nvidia/nemo/{name}/versions/{version}/files/{name}.nemo" for name, version in versions.items()
    }


class Conformer(RecogniserFamily):
    """Conformer and FastConformer, Parakeet among them."""

    name = "conformer"
    class_name = "EncDecCTCModelBPE"
    describes = "CTC recognition with a Conformer or FastConformer encoder"
    acoustic_model = MODEL
    models = (MODEL, *PARTS)
    published = published(
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
    def accepts(cls, config: Mapping[str, Any]) -> bool:
        """Whether the encoder is a Conformer."""
        return str((config.get("encoder") or {}).get("_target_")).endswith(".ConformerEncoder")

    @classmethod
    def load(cls, path: Path) -> Any:
        """Return the EncDecCTCModelBPE."""
        from nemo.collections.asr.models import EncDecCTCModelBPE

        return EncDecCTCModelBPE.restore_from(str(path), map_location="cpu").eval()

    @classmethod
    def engines(cls) -> Sequence[EngineModel]:
        """Front end and acoustic model."""
        from export.families.conformer.engine import ConformerEngine
        from export.recognition.engine import front_end

        return front_end(), ConformerEngine(MODEL)

    @classmethod
    def write_random(cls, path: Path) -> None:
        """Write a FastConformer of 115 M parameters."""
        from export.families.conformer.random_checkpoint import write

        write(path)

    def restore_network(self) -> Any:
        """Return encoder and decoder as one flat module."""
        from export.families.conformer.graph import AcousticModel

        return AcousticModel(self.model.encoder, self.decoder())

    def write_network(self, path: Path) -> None:
        """Write the graph."""
        from export.families.conformer.graph import write_acoustic_model

        write_acoustic_model(self.network, path)

    def quantize(self, source: Path, target: Path, features: list[tuple[np.ndarray, np.ndarray]]) -> None:
        """Write the int8 variant."""
        from export.families.conformer.quantize import quantize

        quantize(source, target, features)


class ConformerLetters(Conformer):
    """The same over letters."""

    name = "conformer_letters"
    class_name = "EncDecCTCModel"
    published = published({})

    @classmethod
    def load(cls, path: Path) -> Any:
        """Return the EncDecCTCModel."""
        from nemo.collections.asr.models import EncDecCTCModel

        return EncDecCTCModel.restore_from(str(path), map_location="cpu").eval()


class ConformerHybrid(Conformer):
    """The CTC head of a model that has a transducer beside it."""

    name = "conformer_hybrid"
    class_name = "EncDecHybridRNNTCTCBPEModel"
    published = published({"stt_en_fastconformer_hybrid_large_pc": "1.21.0"})

    @classmethod
    def load(cls, path: Path) -> Any:
        """Return the EncDecHybridRNNTCTCBPEModel."""
        from nemo.collections.asr.models import EncDecHybridRNNTCTCBPEModel

        return EncDecHybridRNNTCTCBPEModel.restore_from(str(path), map_location="cpu").eval()

    def decoder(self) -> Any:
        """The CTC head."""
        return self.model.ctc_decoder
