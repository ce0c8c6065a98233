"""Exporting a WaveGlowModel: the vocoder, and the spectrum that its denoiser subtracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from export.configs import WarmUpRatio
from export.errors import UnsupportedCheckpointError
from export.families.waveglow import MODEL
from export.families.waveglow.benchmark import COMPARISON
from export.installation import Stage
from export.published import ngc
from export.synthesis.voice import VOICE_MODELS, VoiceFamily
from export.verification import Check
from tritone.synthesis.voice import Flow

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel

DENOISER_MODEL = "tts_denoiser"
HOP = 256  # samples per frame: fixed in NeMo's WaveGlowModule


class WaveGlow(VoiceFamily):
    """WaveGlow."""

    name = "waveglow"
    class_name = "WaveGlowModel"
    describes = "audio from spectrograms"
    role = "vocoder"
    network_model = MODEL
    models = (MODEL, DENOISER_MODEL, *VOICE_MODELS)
    published = {  # noqa: RUF012 - never modified
        "tts_waveglow_88m": ngc("tts_waveglow", "1.0.0", model="tts_waveglow_88m")
    }
    comparison = COMPARISON

    @classmethod
    def engines(cls) -> Sequence[EngineModel]:
        """The network."""
        from export.families.waveglow.engine import WaveGlowEngine

        return (WaveGlowEngine(MODEL),)

    @classmethod
    def write_random(cls, path: Path) -> None:
        """Write a model of 88 M parameters."""
        from export.families.waveglow.random_checkpoint import write

        write(path)

    def described(self) -> Mapping[str, Any]:
        """The kind of vocoder, samples per frame, and per group."""
        waveglow = self.checkpoint.config["waveglow"]
        return {
            "kind": Flow.kind,
            "hop_samples": HOP,
            "groups": int((waveglow.get("params") or waveglow)["n_group"]),
        }

    def restore_nemo(self) -> None:
        """Load the model, and refuse unsupported ones before anything is written."""
        from export.families.waveglow.graph import WaveGlowNetwork

        self.model = self.load(self.checkpoint.path)
        mel_hop, hop = self.description["mel"]["hop_samples"], int(self.model.waveglow.upsample.stride[0])
        if mel_hop != hop or hop != HOP:
            raise UnsupportedCheckpointError(
                f"waveglow: expected mel frames {hop} samples apart, as its upsampling has them, "
                f"got {mel_hop}; its audio would have the wrong speed."
            )
        self.parameters = sum(parameter.numel() for parameter in self.model.parameters())
        self.vocoder = WaveGlowNetwork(self.model.waveglow).eval()

    def build(self, stage: Stage) -> None:
        """Write the graph and the sidecars."""
        from export.families.waveglow.graph import write_waveglow
        from export.half_weights import store_halves

        graph = stage.path(MODEL, "model.onnx")
        write_waveglow(self.vocoder, graph)
        store_halves(graph)
        stage.write_json(DENOISER_MODEL, "denoiser.json", {**self.provenance(), **self._transform()})
        self.model.update_bias_spect()
        bias = self.model.bias_spect[0, :, 0].numpy().astype(np.float32)
        np.save(stage.path(DENOISER_MODEL, "bias.npy"), bias)
        drawn = {"sigma": float(self.model.sigma), "context_frames": self.vocoder.context_frames}
        self.write_voice(stage, {**self.provenance(), **self.description, **drawn})

    def verify(self, stage: Stage) -> list[Check]:
        """Compare audio and denoising with NeMo."""
        from export.families.waveglow.verification import verify_waveglow
        from export.onnx_graph import Graph

        graph = Graph(stage.path(MODEL, "model.onnx"))
        return verify_waveglow(self.model, graph, stage.path(DENOISER_MODEL, "bias.npy").parent)

    def provenance(self) -> dict[str, Any]:
        """Provenance of the weights; parameters are counted before weight norm is removed."""
        return {**super().provenance(), "parameters": self.parameters}

    def warm_up_ratios(self) -> dict[str, WarmUpRatio]:
        """A warm-up's noise must match its frames; the ratio depends on the group size."""
        return {MODEL: WarmUpRatio("mel", "z", self.vocoder.hop // self.vocoder.group)}

    def _transform(self) -> dict[str, Any]:
        names = ("fft_size", "window_samples", "hop_samples", "window")
        return {name: self.description["mel"][name] for name in names}
