"""Exporting a FastPitchModel: the network, its symbols, and what the server needs to know about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.configs import without_tensor
from export.families.fastpitch import MODEL
from export.families.fastpitch.benchmark import COMPARISON
from export.installation import Stage
from export.published import hugging_face, ngc
from export.synthesis.mel import silence
from export.synthesis.tokenizer import TOKENIZER_MODEL, longest_s, write_tokenizer
from export.synthesis.voice import VOICE_MODELS, VoiceFamily
from export.verification import Check
from tritone.synthesis.voice import Parallel

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel


class FastPitch(VoiceFamily):
    """FastPitch."""

    name = "fastpitch"
    class_name = "FastPitchModel"
    describes = "spectrograms from text in one pass, with pace and pitch"
    role = "spectrograms"
    network_model = MODEL
    models = (TOKENIZER_MODEL, MODEL, *VOICE_MODELS)
    published = {  # noqa: RUF012 - never modified
        "tts_en_fastpitch": hugging_face("tts_en_fastpitch", 187),
        "tts_en_fastpitch_multispeaker": ngc(
            "tts_en_fastpitch_multispeaker", "1.10.0", model="tts_en_multispeaker_fastpitchhifigan"
        ),
        "tts_en_fastpitch_ipa": ngc("tts_en_fastpitch_align_ipa", "IPA_1.13.0", model="tts_en_fastpitch"),
    }
    comparison = COMPARISON

    @classmethod
    def engines(cls) -> Sequence[EngineModel]:
        """The network."""
        from export.families.fastpitch.engine import FastPitchEngine

        return (FastPitchEngine(MODEL),)

    @classmethod
    def write_random(cls, path: Path) -> None:
        """Write a model of the published size that reads letters."""
        from export.families.fastpitch.random_checkpoint import write

        write(path)

    def described(self) -> Mapping[str, Any]:
        """The kind of spectrogram model, and how many speakers it has."""
        speakers = int(self.checkpoint.config.get("n_speakers") or 0)
        return {"kind": Parallel.kind, "speakers": speakers if speakers > 1 else 0}

    def edit_network_config(self, text: str) -> str:
        """Remove the input `speaker` where the checkpoint has only one."""
        return text if self.description["speakers"] else without_tensor(text, "speaker")

    def restore_nemo(self) -> None:
        """Load the model, and refuse unsupported ones before anything is written."""
        from export.families.fastpitch.graph import FastPitch as Network

        self.model = self.load(self.checkpoint.path)
        self.network = Network(self.model.fastpitch).eval()

    def build(self, stage: Stage) -> None:
        """Write the graph, symbols and sidecar."""
        from export.families.fastpitch.graph import write_fastpitch
        from export.half_weights import store_halves

        graph = stage.path(MODEL, "model.onnx")
        write_fastpitch(self.network, graph)
        store_halves(graph)
        write_tokenizer(self.model, stage)
        network = {
            "pad_value": silence(self.description["mel"]),
            "vocabulary": self.network.vocabulary,
            "longest_utterance_s": longest_s(self.model.cfg),
        }
        self.write_voice(stage, {**self.provenance(), **self.description, **network})

    def verify(self, stage: Stage) -> list[Check]:
        """Compare symbols, durations and spectrograms with NeMo."""
        from export.families.fastpitch.verification import verify_fastpitch
        from export.onnx_graph import Graph

        tokenizer = stage.path(TOKENIZER_MODEL, "tokenizer.json").parent
        return verify_fastpitch(self.model, Graph(stage.path(MODEL, "model.onnx")), tokenizer)

    def obsolete(self) -> dict[str, list[str]]:
        """Files of an earlier checkpoint that the new one does not replace."""
        return {TOKENIZER_MODEL: ["pronunciations.txt", "heteronyms.txt"]}
