"""Exporting a HifiGanModel: the vocoder, and what the server needs to know about it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.errors import UnsupportedCheckpointError
from export.families.hifigan import MODEL
from export.families.hifigan.benchmark import COMPARISON
from export.installation import Stage
from export.published import hugging_face, ngc
from export.synthesis.voice import VOICE_MODELS, VoiceFamily
from export.verification import Check
from tritone.synthesis.voice import Direct

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel


class HifiGan(VoiceFamily):
    """HiFi-GAN."""

    name = "hifigan"
    class_name = "HifiGanModel"
    describes = "audio from spectrograms in one pass"
    role = "vocoder"
    network_model = MODEL
    models = (MODEL, *VOICE_MODELS)
    published = {  # noqa: RUF012 - never modified
        "tts_en_hifigan": hugging_face("tts_hifigan", 315),
        "tts_en_hifitts_hifigan_ft_fastpitch": ngc(
            "tts_en_hifitts_hifigan_ft_fastpitch", "1.10.0", model="tts_en_multispeaker_fastpitchhifigan"
        ),
        "tts_en_lj_hifigan_ft_mixertts": ngc(
            "tts_en_lj_hifigan_ft_mixertts", "1.6.0", model="tts_en_lj_hifigan"
        ),
    }

    comparison = COMPARISON

    @classmethod
    def engines(cls) -> Sequence[EngineModel]:
        """The network."""
        from export.families.hifigan.engine import HifiGanEngine

        return (HifiGanEngine(MODEL),)

    @classmethod
    def write_random(cls, path: Path) -> None:
        """Write a model of 14 M parameters."""
        from export.families.hifigan.random_checkpoint import write

        write(path)

    def described(self) -> Mapping[str, Any]:
        """The kind of vocoder, and samples per frame."""
        hop = math.prod(map(int, self.checkpoint.config["generator"]["upsample_rates"]))
        return {"kind": Direct.kind, "hop_samples": hop}

    def restore_nemo(self) -> None:
        """Load the model, and refuse unsupported ones before anything is written."""
        from export.families.hifigan.graph import HifiGan as Vocoder
        from export.families.hifigan.verification import Original

        mel_hop, hop = self.description["mel"]["hop_samples"], self.description["hop_samples"]
        if mel_hop != hop:
            raise UnsupportedCheckpointError(
                f"generator.upsample_rates: expected {mel_hop} samples per frame, the hop of the mel "
                f"settings, got {hop}; its audio would have the wrong speed."
            )
        self.model = self.load(self.checkpoint.path)
        self.parameters = sum(parameter.numel() for parameter in self.model.generator.parameters())
        self.original = Original.of(self.model)  # before weight norm is removed
        self.vocoder = Vocoder(self.model.generator).eval()

    def build(self, stage: Stage) -> None:
        """Write the graph and the sidecar."""
        from export.families.hifigan.graph import write_hifigan
        from export.half_weights import store_halves

        graph = stage.path(MODEL, "model.onnx")
        write_hifigan(self.vocoder, graph)
        store_halves(graph)
        context = {"context_frames": self.vocoder.context_frames}
        self.write_voice(stage, {**self.provenance(), **self.description, **context})

    def verify(self, stage: Stage) -> list[Check]:
        """Compare audio with NeMo."""
        from export.families.hifigan.verification import verify_hifigan
        from export.onnx_graph import Graph

        return verify_hifigan(
            self.original, Graph(stage.path(MODEL, "model.onnx")), self.vocoder.context_frames
        )

    def provenance(self) -> dict[str, Any]:
        """Provenance of the weights; the parameters are the generator's before weight norm is removed."""
        return {**super().provenance(), "parameters": self.parameters}
