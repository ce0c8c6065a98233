"""Exporting a FastPitchModel: the network, its symbols, and what the server must know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.families.fastpitch import MODEL
from export.installation import Stage
from export.synthesis.tokenizer import TOKENIZER_MODEL, write_tokenizer
from export.synthesis.voice import VOICE_MODEL, VoiceFamily
from export.verification import Check

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel

_NGC = "nvidia/nemo"


class FastPitch(VoiceFamily):
    """FastPitch."""

    name = "fastpitch"
    class_name = "FastPitchModel"
    describes = "spectrograms from text in one pass, with pace and pitch"
    role = "spectrograms"
    models = (TOKENIZER_MODEL, MODEL, VOICE_MODEL)
    published = {  # noqa: RUF012 - a mapping that nobody changes
        "tts_en_fastpitch": f"{_NGC}/tts_en_fastpitch/versions/1.8.1/files/tts_en_fastpitch_align.nemo",
        "tts_en_fastpitch_multispeaker": f"{_NGC}/tts_en_multispeaker_fastpitchhifigan/versions/1.10.0/files/"
        "tts_en_fastpitch_multispeaker.nemo",
    }

    @classmethod
    def load(cls, path: Path) -> Any:
        """Return the FastPitchModel."""
        from nemo.collections.tts.models import FastPitchModel

        return FastPitchModel.restore_from(str(path), map_location="cpu").eval()

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
        """What kind of network it is."""
        return {"kind": "parallel"}

    def restore_nemo(self) -> None:
        """Load the model, and refuse what has no exporter before anything is written."""
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
            "pad_value": float(self.model.preprocessor.featurizer.pad_value),
            "vocabulary": self.network.vocabulary,
            "speakers": self.network.speakers,
            "longest_symbol_frames": round(self.network.longest),
        }
        self.write_voice(stage, {**self.provenance(), **self.description, **network})

    def verify(self, stage: Stage) -> list[Check]:
        """Compare symbols, durations and spectrograms with NeMo."""
        from export.families.fastpitch.verification import verify_fastpitch
        from export.onnx_graph import Graph

        tokenizer = stage.path(TOKENIZER_MODEL, "tokenizer.json").parent
        return verify_fastpitch(self.model, Graph(stage.path(MODEL, "model.onnx")), tokenizer)

    def obsolete(self) -> dict[str, list[str]]:
        """Nothing of an earlier checkpoint must stay beside the new one."""
        return {TOKENIZER_MODEL: ["pronunciations.txt", "heteronyms.txt"]}
