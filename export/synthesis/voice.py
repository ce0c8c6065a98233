"""Shared by both halves of a voice, whose mel settings must agree before one joins the other."""

from __future__ import annotations

import json
import shutil
from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from export.errors import MismatchedPairError
from export.family import Family
from export.installation import Stage
from export.synthesis.mel import mel_settings
from tritone.errors import ArtifactError
from tritone.synthesis.voice import SPECTROGRAMS, VOCODER, Voice, check_pair

VOICE_MODEL = "tts_utterances"  # the model that runs both halves and reads both sidecars
SIDECARS = {"spectrograms": SPECTROGRAMS, "vocoder": VOCODER}  # sidecar of each half, by role
EXPORTED = (".onnx", ".json", ".npy", ".txt")  # files that exporters write; not engines and code


def installed_voice(repository: Path, version: int = 1) -> Voice:
    """The settings of both halves of an installed voice.

    Raises:
        ArtifactError: a sidecar is missing, or the halves do not match.
    """
    return Voice.load(repository / VOICE_MODEL / str(version))


class VoiceFamily(Family):
    """One half of a voice: symbols to spectrograms, or spectrograms to audio."""

    nemo_models = "nemo.collections.tts.models"

    @cached_property
    def description(self) -> dict[str, Any]:
        """Settings that both halves must agree on, from the checkpoint's configuration."""
        return {"mel": mel_settings(self.checkpoint.config["preprocessor"]), **self.described()}

    def described(self) -> Mapping[str, Any]:
        """Settings that the other half depends on, beyond the mel settings."""
        return {}

    @abstractmethod
    def restore_nemo(self) -> None:
        """Load the model, and refuse unsupported ones before anything is written."""

    def restore(self) -> None:
        """Refuse a half that does not match the other one, else load the model.

        Raises:
            MismatchedPairError: names every setting that differs, with both values.
        """
        mate = self.mate()
        if mate is not None:
            pair = (self.description, mate) if self.role == "spectrograms" else (mate, self.description)
            try:
                check_pair(*pair)
            except ArtifactError as error:
                kind = mate.get("model_class", "other half")
                raise MismatchedPairError(
                    f"{self.checkpoint.path.name}: does not match the {kind} that it would be served with. "
                    f"{error} To replace both, give both in one command."
                ) from error
        self.restore_nemo()

    def companion(self) -> VoiceFamily | None:
        """The other half, if the same command exports it."""
        halves = [family for family in self.together if isinstance(family, VoiceFamily)]
        return next((family for family in halves if family.role != self.role), None)

    def mate(self) -> Mapping[str, Any] | None:
        """The other half: of the same command, else the installed one, if there is one."""
        companion = self.companion()
        if companion is not None:
            return {**companion.description, "model_class": companion.class_name}
        sidecar = self.mate_sidecar()
        return None if sidecar is None else json.loads(sidecar.read_text(encoding="utf-8"))

    def mate_sidecar(self) -> Path | None:
        """The other half's sidecar, of the version to install or else of the newest that has one."""
        (name,) = (name for role, name in SIDECARS.items() if role != self.role)
        found = {
            int(path.parent.name): path
            for path in (self.options.repository / self.options.named(VOICE_MODEL)).glob(f"*/{name}")
            if path.parent.name.isdigit()
        }
        return found.get(self.options.version) or (found[max(found)] if found else None)

    def write_voice(self, stage: Stage, content: Mapping[str, Any]) -> None:
        """Write this half's sidecar; a new version with this half alone gets a copy of the other half."""
        stage.write_json(VOICE_MODEL, SIDECARS[self.role], content)
        sidecar = self.mate_sidecar()
        if self.companion() is None and sidecar and sidecar.parent.name != str(self.options.version):
            stage.path(VOICE_MODEL, sidecar.name).write_bytes(sidecar.read_bytes())
            if not self.options.names:
                self._copy_other_half(stage, sidecar)

    def _copy_other_half(self, stage: Stage, sidecar: Path) -> None:
        from export.families import families  # imports this module

        kind = json.loads(sidecar.read_text(encoding="utf-8"))["model_class"]
        models = {model for family in families() if family.class_name == kind for model in family.models}
        for model in sorted(models - {VOICE_MODEL}):
            folder = self.options.repository / self.options.named(model) / sidecar.parent.name
            for file in sorted(folder.iterdir()) if folder.is_dir() else ():
                if file.suffix in EXPORTED:
                    shutil.copyfile(file, stage.path(model, file.name))
