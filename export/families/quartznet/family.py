"""Exporting an EncDecCTCModel with a QuartzNet or Jasper encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from export.families.quartznet import CITRINET, MODEL
from export.published import Published, hugging_face, ngc
from export.recognition.benchmark import comparison
from export.recognition.recogniser import PARTS, RecogniserFamily


class QuartzNet(RecogniserFamily):
    """QuartzNet and Jasper."""

    name = "quartznet"
    class_name = "EncDecCTCModel"
    describes = "CTC recognition with a QuartzNet or Jasper encoder"
    network_model = MODEL
    quantized = ("Conv", "Add")
    models = (MODEL, *PARTS)
    published = {  # noqa: RUF012 - never modified
        "stt_en_quartznet15x5": ngc("stt_en_quartznet15x5", "1.0.0rc1", size_mb=67.7),
        "QuartzNet15x5Base-En": Published(
            "nvidia/nemospeechmodels/versions/1.0.0a5/files/QuartzNet15x5Base-En.nemo"
        ),
    }

    @classmethod
    def write_random(cls, path: Path) -> None:
        """Write a QuartzNet15x5 with random weights."""
        from export.families.quartznet.random_checkpoint import write

        write(path)

    def restore_network(self) -> Any:
        """Return encoder and decoder as one flat module."""
        from export.families.quartznet.graph import AcousticModel

        return AcousticModel(self.model.encoder, self.model.decoder)


class Citrinet(QuartzNet):
    """Citrinet: the same blocks with squeeze and excite, over pieces."""

    name = "citrinet"
    class_name = "EncDecCTCModelBPE"
    describes = "CTC recognition over pieces with a Citrinet encoder"
    network_model = CITRINET
    comparison = comparison(CITRINET, at_least=1.3)
    models = (CITRINET, *PARTS)
    encoder = "ConvASREncoder"
    published = {  # noqa: RUF012 - never modified
        "stt_en_citrinet_256": ngc("stt_en_citrinet_256", "1.0.0rc1"),
        "stt_en_citrinet_512": ngc("stt_en_citrinet_512", "1.0.0rc1"),
        "stt_en_citrinet_1024": ngc("stt_en_citrinet_1024", "1.0.0rc1"),
        "stt_en_citrinet_256_gamma_0_25": ngc("stt_en_citrinet_256_gamma_0_25", "1.0.0"),
        "stt_en_citrinet_512_gamma_0_25": ngc("stt_en_citrinet_512_gamma_0_25", "1.0.0"),
        "stt_en_citrinet_1024_gamma_0_25": hugging_face("stt_en_citrinet_1024_gamma_0_25", 484),
    }

    @classmethod
    def write_random(cls, path: Path) -> None:
        """Write a Citrinet-512 (36 M parameters)."""
        from export.families.quartznet.random_checkpoint import write_citrinet

        write_citrinet(path)
