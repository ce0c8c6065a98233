"""Exporting a HifiGanModel: the vocoder, and what the server must know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.errors import UnsupportedCheckpointError
from export.families.hifigan import MODEL
from export.installation import Stage
from export.synthesis.voice import VOICE_MODEL, VoiceFamily
from export.verification import Check

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel


class HifiGan(VoiceFamily):
    """HiFi-GAN."""

    name = "hifigan"
    class_name = "HifiGanModel"
    describes = "audio from spectrograms in one pass"
    role = "vocoder"
    models = (MODEL, VOICE_MODEL)
    published = {  # noqa: RUF012 - a mapping that nobody changes
        "tts_en_hifigan": "nvidia/nemo/tts_hifigan/versions/1.0.0rc1/files/tts_hifigan.nemo",
        "tts_en_hifitts_hifigan_ft_fastpitch": "nvidia/nemo/tts_en_multispeaker_fastpitchhifigan/versions/"
        "1.10.0/files/tts_en_hifitts_hifigan_ft_fastpitch.nemo",
    }

    @classmethod
    def load(cls, path: Path) -> Any:
        """Return the HifiGanModel."""
        from nemo.collections.tts.models import HifiGanModel

        return HifiGanModel.restore_from(str(path), map_location="cpu").eval()

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
        """How many samples come of a frame."""
        hop = 1
        for rate in self.checkpoint.config["generator"]["upsample_rates"]:
            hop *= int(rate)
        return {"kind": "direct", "hop_samples": hop}

    def restore_nemo(self) -> None:
        """Load the model, and refuse what has no exporter before anything is written."""
        from export.families.hifigan.graph import HifiGan as Vocoder
        from export.families.hifigan.verification import Original

        mel_hop, hop = self.description["mel"]["hop_samples"], self.description["hop_samples"]
        if mel_hop != hop:
            raise UnsupportedCheckpointError(
                f"generator.upsample_rates: expected {mel_hop} samples for a frame, the hop of the mel "
                f"settings, got {hop}; its audio would have another speed."
            )
        self.model = self.load(self.checkpoint.path)
        self.parameters = sum(parameter.numel() for parameter in self.model.parameters())
        self.original = Original.of(self.model)  # before weight norm is removed
        self.vocoder = Vocoder(self.model.generator).eval()

    def build(self, stage: Stage) -> None:
        """Write the graph and the sidecar."""
        from export.families.hifigan.graph import CONTEXT_FRAMES, write_hifigan
        from export.half_weights import store_halves

        graph = stage.path(MODEL, "model.onnx")
        write_hifigan(self.vocoder, graph)
        store_halves(graph)
        context = {"context_frames": CONTEXT_FRAMES}
        self.write_voice(stage, {**self.provenance(), **self.description, **context})

    def verify(self, stage: Stage) -> list[Check]:
        """Compare audio with NeMo."""
        from export.families.hifigan.verification import verify_hifigan
        from export.onnx_graph import Graph

        return verify_hifigan(self.original, Graph(stage.path(MODEL, "model.onnx")))

    def provenance(self) -> dict[str, Any]:
        """Where the weights come from; counted before weight norm was removed."""
        return {**super().provenance(), "parameters": self.parameters}
