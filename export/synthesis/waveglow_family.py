"""Exporting a WaveGlowModel: the vocoder, and the spectrum that its denoiser takes away."""

from __future__ import annotations

from typing import Any

import numpy as np

from export.configs import WarmUpRatio
from export.errors import UnsupportedCheckpointError
from export.half_weights import store_halves
from export.onnx_graph import Graph
from export.repository import Stage
from export.synthesis.family import HALVES, HOP, VOICE_MODEL, VoiceFamily
from export.synthesis.waveglow import WaveGlow, write_waveglow
from export.synthesis.waveglow_verification import verify_waveglow
from export.verification import Check


class WaveGlowFamily(VoiceFamily):
    """WaveGlow."""

    class_name = "WaveGlowModel"
    mate_class = "Tacotron2Model"
    models = (*HALVES[class_name], VOICE_MODEL)

    def restore(self) -> None:
        """Load the model, and refuse what has no exporter before anything is written."""
        from nemo.collections.tts.models import WaveGlowModel

        super().restore()
        self.model = WaveGlowModel.restore_from(str(self.checkpoint.path), map_location="cpu").eval()
        mel_hop, hop = self.description["mel"]["hop_samples"], int(self.model.waveglow.upsample.stride[0])
        if mel_hop != hop or hop != HOP:
            raise UnsupportedCheckpointError(
                f"waveglow: expected mel frames {hop} samples apart, as its upsampling has them, "
                f"got {mel_hop}; its audio would have another speed."
            )
        self.parameters = sum(parameter.numel() for parameter in self.model.parameters())
        self.vocoder = WaveGlow(self.model.waveglow).eval()

    def build(self, stage: Stage) -> None:
        """Write the graph and the sidecars."""
        graph = stage.path("tts_waveglow", "model.onnx")
        write_waveglow(self.vocoder, graph)
        store_halves(graph)
        stage.write_json("tts_denoiser", "denoiser.json", {**self.provenance(), **self._transform()})
        self.model.update_bias_spect()
        bias = self.model.bias_spect[0, :, 0].numpy().astype(np.float32)
        np.save(stage.path("tts_denoiser", "bias.npy"), bias)
        self.write_voice(stage, {**self.provenance(), **self.description, "sigma": float(self.model.sigma)})

    def verify(self, stage: Stage) -> list[Check]:
        """Compare audio and denoising with NeMo."""
        graph = Graph(stage.path("tts_waveglow", "model.onnx"))
        return verify_waveglow(self.model, graph, stage.path("tts_denoiser", "bias.npy").parent)

    def provenance(self) -> dict[str, Any]:
        """Where the weights come from; counted before weight norm was removed."""
        return {**super().provenance(), "parameters": self.parameters}

    def warm_up_ratios(self) -> dict[str, WarmUpRatio]:
        """A warm-up must have as much noise as frames, and how much that is depends on the group."""
        return {"tts_waveglow": WarmUpRatio("mel", "z", self.vocoder.hop // self.vocoder.group)}

    def _transform(self) -> dict[str, Any]:
        names = ("fft_size", "window_samples", "hop_samples", "window")
        return {name: self.description["mel"][name] for name in names}
