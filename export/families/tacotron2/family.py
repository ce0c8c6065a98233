"""Exporting a Tacotron2Model: the network, its symbols, and what the server needs to know about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.families.tacotron2 import MODEL
from export.families.tacotron2.benchmark import COMPARISON
from export.installation import Stage
from export.published import ngc
from export.synthesis.tokenizer import TOKENIZER_MODEL, longest_s, write_tokenizer
from export.synthesis.voice import VOICE_MODELS, VoiceFamily
from export.verification import Check
from tritone.synthesis.voice import Autoregressive

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel

INT8 = "model_int8.onnx"


class Tacotron2(VoiceFamily):
    """Tacotron 2."""

    name = "tacotron2"
    class_name = "Tacotron2Model"
    describes = "spectrograms from text"
    role = "spectrograms"
    network_model = MODEL
    models = (TOKENIZER_MODEL, MODEL, *VOICE_MODELS)
    published = {"tts_en_tacotron2": ngc("tts_en_tacotron2", "1.10.0")}  # noqa: RUF012 - never modified
    comparison = COMPARISON

    @classmethod
    def engines(cls) -> Sequence[EngineModel]:
        """The network."""
        from export.families.tacotron2.engine import Tacotron2Engine

        return (Tacotron2Engine(MODEL),)

    @classmethod
    def write_random(cls, path: Path) -> None:
        """Write a model of the published size that reads letters and whose utterances end."""
        from export.families.tacotron2.random_checkpoint import write

        write(path)

    def described(self) -> Mapping[str, Any]:
        """The kind of spectrogram model."""
        return {"kind": Autoregressive.kind}

    def restore_nemo(self) -> None:
        """Load the model, and refuse unsupported ones before anything is written."""
        from export.families.tacotron2.decoder import DecoderStep
        from export.families.tacotron2.encoder import Encoder, prune
        from export.families.tacotron2.postnet import Postnet

        self.model = self.load(self.checkpoint.path)
        self.encoder = Encoder(self.model.text_embedding, self.model.encoder).eval()
        channels = prune(self.encoder)
        self.step = DecoderStep(self.model.decoder, channels).eval()
        self.postnet = Postnet(self.model.postnet, self.step.mels, float(self.model.pad_value)).eval()

    def build(self, stage: Stage) -> None:
        """Write the graph, its quantised variant, symbols and sidecar."""
        from export.families.tacotron2.eight_bit import quantize
        from export.families.tacotron2.graph import write_tacotron2
        from export.half_weights import store_halves

        graph = stage.path(MODEL, "model.onnx")
        write_tacotron2(self.encoder, self.step, self.postnet, graph)
        if self.options.quantize:
            int8 = graph.with_name(INT8)
            quantize(graph, int8)
            store_halves(int8)
        store_halves(graph)
        write_tokenizer(self.model, stage)
        self.write_voice(stage, {**self.provenance(), **self.description, **self._decoding()})

    def verify(self, stage: Stage) -> list[Check]:
        """Compare symbols and spectrograms with NeMo."""
        from export.families.tacotron2.verification import verify_tacotron2
        from export.onnx_graph import Graph

        int8 = stage.path(MODEL, INT8)
        return verify_tacotron2(
            self.model,
            Graph(stage.path(MODEL, "model.onnx")),
            Graph(int8) if int8.exists() else None,
            stage.path(TOKENIZER_MODEL, "tokenizer.json").parent,
        )

    def obsolete(self) -> dict[str, list[str]]:
        """Files of an earlier checkpoint that the new one does not replace."""
        found = {TOKENIZER_MODEL: ["pronunciations.txt", "heteronyms.txt"]}
        return found if self.options.quantize else {**found, MODEL: [INT8]}

    def _decoding(self) -> dict[str, Any]:
        from export.families.tacotron2.decoder import PRENET_LAYERS

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
            "context_frames": self.postnet.context_frames,
        }
