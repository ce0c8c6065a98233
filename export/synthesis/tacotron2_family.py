"""Exporting a Tacotron2Model: the network, its symbols, and what the server must know of it."""

from __future__ import annotations

from typing import Any

from export.half_weights import store_halves
from export.onnx_graph import Graph
from export.repository import Stage
from export.synthesis.decoder import PRENET_LAYERS, DecoderStep
from export.synthesis.eight_bit import quantize
from export.synthesis.encoder import Encoder, prune
from export.synthesis.family import HALVES, VOICE_MODEL, VoiceFamily
from export.synthesis.postnet import Postnet
from export.synthesis.tacotron2_graph import write_tacotron2
from export.synthesis.tacotron2_verification import verify_tacotron2
from export.synthesis.tokenizer import TOKENIZER_MODEL, longest_s, write_tokenizer
from export.verification import Check


class Tacotron2Family(VoiceFamily):
    """Tacotron 2."""

    class_name = "Tacotron2Model"
    mate_class = "WaveGlowModel"
    models = (*HALVES[class_name], VOICE_MODEL)

    def restore(self) -> None:
        """Load the model, and refuse what has no exporter before anything is written."""
        from nemo.collections.tts.models import Tacotron2Model

        super().restore()
        self.model = Tacotron2Model.restore_from(str(self.checkpoint.path), map_location="cpu").eval()
        self.encoder = Encoder(self.model.text_embedding, self.model.encoder).eval()
        channels = prune(self.encoder)
        self.step = DecoderStep(self.model.decoder, channels).eval()
        self.postnet = Postnet(self.model.postnet, self.step.mels, float(self.model.pad_value)).eval()

    def build(self, stage: Stage) -> None:
        """Write the graph, its quantised variant, symbols and sidecar."""
        graph = stage.path("tts_tacotron2", "model.onnx")
        write_tacotron2(self.encoder, self.step, self.postnet, graph)
        if self.options.quantize:
            int8 = stage.path("tts_tacotron2", "model_int8.onnx")
            quantize(graph, int8)
            store_halves(int8)
        store_halves(graph)
        write_tokenizer(self.model, stage)
        self.write_voice(stage, {**self.provenance(), **self.description, **self._decoding()})

    def verify(self, stage: Stage) -> list[Check]:
        """Compare symbols and spectrograms with NeMo."""
        int8 = stage.path("tts_tacotron2", "model_int8.onnx")
        return verify_tacotron2(
            self.model,
            Graph(stage.path("tts_tacotron2", "model.onnx")),
            Graph(int8) if int8.exists() else None,
            stage.path(TOKENIZER_MODEL, "tokenizer.json").parent,
        )

    def obsolete(self) -> dict[str, list[str]]:
        """Nothing of an earlier checkpoint must stay beside the new one."""
        found = {TOKENIZER_MODEL: ["pronunciations.txt", "heteronyms.txt"]}
        return found if self.options.quantize else {**found, "tts_tacotron2": ["model_int8.onnx"]}

    def _decoding(self) -> dict[str, Any]:
        return {
            "pad_value": self.postnet.pad_value,
            "frames_per_step": self.step.frames_per_step,
            "prenet_layers": PRENET_LAYERS,
            "prenet_units": self.step.prenet_units,
            "vocabulary": self.encoder.embedding.num_embeddings,
            "dropout": self.step.dropout,
            "max_decoder_steps": int(self.model.decoder.max_decoder_steps),
            "longest_utterance_s": longest_s(self.model.cfg),
            "encoder_channels": self.encoder.channels,
        }
