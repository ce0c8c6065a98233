"""Exporting an EncDecCTCModel with a QuartzNet or Jasper encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from export.families.quartznet import CITRINET, MODEL
from export.recognition.recogniser import PARTS, RecogniserFamily

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel

_NGC = "nvidia/nemo/stt_en_quartznet15x5/versions"


class QuartzNet(RecogniserFamily):
    """QuartzNet and Jasper."""

    name = "quartznet"
    class_name = "EncDecCTCModel"
    describes = "CTC recognition with a QuartzNet or Jasper encoder"
    acoustic_model = MODEL
    models = (MODEL, *PARTS)
    published = {  # noqa: RUF012 - never modified
        "stt_en_quartznet15x5": f"{_NGC}/1.0.0rc1/files/stt_en_quartznet15x5.nemo",
        "QuartzNet15x5Base-En": "nvidia/nemospeechmodels/versions/1.0.0a5/files/QuartzNet15x5Base-En.nemo",
    }

    @classmethod
    def load(cls, path: Path) -> Any:
        """Return the EncDecCTCModel."""
        from nemo.collections.asr.models import EncDecCTCModel

        return EncDecCTCModel.restore_from(str(path), map_location="cpu").eval()

    @classmethod
    def engines(cls) -> Sequence[EngineModel]:
        """Front end and acoustic model."""
        from export.families.quartznet.engine import QuartzNetEngine
        from export.recognition.engine import front_end

        return front_end(), QuartzNetEngine(MODEL)

    @classmethod
    def write_random(cls, path: Path) -> None:
        """Write a QuartzNet15x5 with random weights."""
        from export.families.quartznet.random_checkpoint import write

        write(path)

    def restore_network(self) -> Any:
        """Return encoder and decoder as one flat module."""
        from export.families.quartznet.graph import AcousticModel

        return AcousticModel(self.model.encoder, self.model.decoder)

    def write_network(self, path: Path) -> None:
        """Write the graph."""
        from export.families.quartznet.graph import write_acoustic_model

        write_acoustic_model(self.network, path)

    def quantize(self, source: Path, target: Path, features: list[tuple[np.ndarray, np.ndarray]]) -> None:
        """Write the int8 variant."""
        from export.families.quartznet.quantize import quantize

        quantize(source, target, features)


class Citrinet(QuartzNet):
    """Citrinet: the same blocks with squeeze and excite, over pieces."""

    name = "citrinet"
    class_name = "EncDecCTCModelBPE"
    describes = "CTC recognition over pieces with a Citrinet encoder"
    acoustic_model = CITRINET
    models = (CITRINET, *PARTS)
    published = {  # noqa: RUF012 - a mapping that nobody changes
        f"stt_en_citrinet_{size}": f"nvidia/nemo/stt_en_citrinet_{size}/versions/{version}/files/"
        f"stt_en_citrinet_{size}.nemo"
        for size, version in (
            ("256", "1.0.0rc1"),
            ("512", "1.0.0rc1"),
            ("1024", "1.0.0rc1"),
            ("256_gamma_0_25", "1.0.0"),
            ("512_gamma_0_25", "1.0.0"),
            ("1024_gamma_0_25", "1.0.0"),
        )
    }

    @classmethod
    def accepts(cls, config: Mapping[str, Any]) -> bool:
        """Whether the encoder consists of convolutions."""
        return str((config.get("encoder") or {}).get("_target_")).endswith(".ConvASREncoder")

    @classmethod
    def load(cls, path: Path) -> Any:
        """Return the EncDecCTCModelBPE."""
        from nemo.collections.asr.models import EncDecCTCModelBPE

        return EncDecCTCModelBPE.restore_from(str(path), map_location="cpu").eval()

    @classmethod
    def engines(cls) -> Sequence[EngineModel]:
        """Front end and acoustic model."""
        from export.families.quartznet.engine import QuartzNetEngine
        from export.recognition.engine import front_end

        return front_end(), QuartzNetEngine(CITRINET)

    @classmethod
    def write_random(cls, path: Path) -> None:
        """Refuse: there is a random QuartzNet only."""
        super(QuartzNet, cls).write_random(path)
