"""What both halves of a voice share: their mel settings must agree before one is put beside the other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from export.checkpoint import Checkpoint
from export.errors import MismatchedPairError
from export.family import Family
from export.repository import Stage
from export.synthesis.mel import mel_settings
from tritone.errors import ArtifactError
from tritone.synthesis.voice import check_pair

VOICE_MODEL = "tts_utterances"  # the model that runs both halves and reads both sidecars
HOP = 256  # samples that a WaveGlow makes of a frame: fixed in NeMo's WaveGlowModule
HALVES = {  # models of either half alone
    "Tacotron2Model": ("tts_tokenizer", "tts_tacotron2"),
    "WaveGlowModel": ("tts_waveglow", "tts_denoiser"),
}
EXPORTED = (".onnx", ".json", ".npy", ".txt")  # what an exporter writes; engines and code are made elsewhere
SIDECARS = {"Tacotron2Model": "tacotron2.json", "WaveGlowModel": "waveglow.json"}


def described(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a checkpoint's configuration says of its half of a voice."""
    description: dict[str, Any] = {"mel": mel_settings(checkpoint.config["preprocessor"])}
    if checkpoint.class_name == "WaveGlowModel":
        waveglow = checkpoint.config["waveglow"]
        description |= {"hop_samples": HOP, "groups": int((waveglow.get("params") or waveglow)["n_group"])}
    return description


class VoiceFamily(Family):
    """One half of a voice."""

    mate_class: ClassVar[str]  #: NeMo class of the other half

    @cached_property
    def description(self) -> dict[str, Any]:
        """What this half must agree on with the other."""
        return described(self.checkpoint)

    def restore(self) -> None:
        """Refuse a half that does not fit the other one.

        Raises:
            MismatchedPairError: names every setting that differs, with both values.
        """
        mate = self.mate()
        if mate is None:
            return
        mine, name = {self.checkpoint.class_name: self.description}, f"{self.checkpoint.path.name}"
        halves = {**mine, self.mate_class: mate}
        try:
            check_pair(halves["Tacotron2Model"], halves["WaveGlowModel"])
        except ArtifactError as error:
            raise MismatchedPairError(
                f"{name}: does not fit the {self.mate_class} that it is to be served with. {error} "
                "To replace both, give both in one command."
            ) from error

    def mate(self) -> Mapping[str, Any] | None:
        """The other half: the one of the same command, else the installed one, if there is any."""
        if self.mate_class in self.options.together:
            return described(self.options.together[self.mate_class])
        sidecar = self.mate_sidecar()
        return None if sidecar is None else json.loads(sidecar.read_text(encoding="utf-8"))

    def mate_sidecar(self) -> Path | None:
        """The other half's sidecar, of the version to install or else of the newest that has one."""
        found = {
            int(path.parent.name): path
            for path in (self.options.repository / VOICE_MODEL).glob(f"*/{SIDECARS[self.mate_class]}")
            if path.parent.name.isdigit()
        }
        return found.get(self.options.version) or (found[max(found)] if found else None)

    def write_voice(self, stage: Stage, content: Mapping[str, Any]) -> None:
        """Write this half's sidecar; a new version of it alone takes the other half along as it is."""
        stage.write_json(VOICE_MODEL, SIDECARS[self.checkpoint.class_name], content)
        sidecar = self.mate_sidecar()
        alone = self.mate_class not in self.options.together
        if alone and sidecar is not None and sidecar.parent.name != str(self.options.version):
            stage.path(VOICE_MODEL, sidecar.name).write_bytes(sidecar.read_bytes())
            if not self.options.names:
                self._take_along(stage, sidecar.parent.name)

    def _take_along(self, stage: Stage, version: str) -> None:
        for model in HALVES[self.mate_class]:
            for file in sorted((self.options.repository / model / version).iterdir()):
                if file.suffix in EXPORTED:
                    shutil.copyfile(file, stage.path(model, file.name))
