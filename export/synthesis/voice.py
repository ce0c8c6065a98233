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
from export.model_set import ModelSet, without_parameter
from export.partners import partner, require_partner
from export.synthesis.mel import mel_settings
from tritone.errors import ArtifactError
from tritone.synthesis.voice import SPECTROGRAMS, VOCODER, Voice, check_pair

VOICE_MODEL = "tts_utterances"  # the model that runs both halves and reads both sidecars
STREAM_MODEL = "text_to_speech_stream"  # the same for speech in chunks
VOICE_MODELS = (VOICE_MODEL, STREAM_MODEL)
SIDECARS = {"spectrograms": SPECTROGRAMS, "vocoder": VOCODER}  # sidecar of each half, by role
PARTNERS = {"spectrograms": "spectrogram_model", "vocoder": "vocoder_model"}  # parameters of the config
DENOISER = "denoiser_model"  # the same, of voices whose vocoder needs one
EXPORTED = (".onnx", ".data", ".json", ".npy", ".txt")  # files that exporters write; not engines and code


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
        """The other half's sidecar, of the version to install or else of the newest that has one.

        A further set that has none yet starts with the first set's other half.
        """
        (name,) = (name for role, name in SIDECARS.items() if role != self.role)
        own = self.options.repository / self.options.named(VOICE_MODEL)
        # Its sidecars decide, not its folder, which is made before the other half is copied into it.
        root = own if any(own.glob("*/*.json")) else self.options.repository / VOICE_MODEL
        found = {int(path.parent.name): path for path in root.glob(f"*/{name}") if path.parent.name.isdigit()}
        return found.get(self.options.version) or (found[max(found)] if found else None)

    def mate_family(self) -> type[VoiceFamily]:
        """The family of the other half.

        Raises:
            MismatchedPairError: there is no other half.
        """
        from export.families import families  # imports this module

        companion, mate = self.companion(), self.mate()
        if companion is not None:
            return type(companion)
        kind = None if mate is None else mate["model_class"]
        for family in families():
            if family.class_name == kind and issubclass(family, VoiceFamily):
                return family
        raise MismatchedPairError(
            f"{self.checkpoint.path.name}: expected the other half of the voice beside it, got none; "
            "give both checkpoints in one command."
        )

    def model_set(self) -> ModelSet | None:
        """The bundled voice's folders under the new names, both networks' for the networks."""
        root, ensembles, named = self.options.repository, self.options.ensembles, self.options.named
        if ensembles is None:
            return None
        halves = {self.role: type(self), **{half.role: half for half in [self.mate_family()]}}
        first, own = root / VOICE_MODEL / "config.pbtxt", root / named(VOICE_MODEL) / "config.pbtxt"
        names = {model: named(model) for model in VOICE_MODELS}
        for role, half in halves.items():
            require_partner(own, PARTNERS[role], named(half.network_model))
            names[partner(first, PARTNERS[role])] = named(half.network_model)
            names |= {model: named(model) for model in half.models if model != half.network_model}
        templates = {
            named(half.network_model): Path(__file__).parents[1] / "families" / half.name / half.network_model
            for half in halves.values()
            if not (root / half.network_model).exists()
        }
        return ModelSet(root, ensembles, names, self.options.suffix, self.options.version, templates)

    def edit_config(self, name: str, text: str) -> str:
        """Fit the configs of a further set to what its two halves take."""
        named = self.options.named
        if name in map(named, VOICE_MODELS):
            models = {*self.models, *self.mate_family().models}
            denoiser = partner(self.options.repository / VOICE_MODEL / "config.pbtxt", DENOISER)
            return text if denoiser in models else without_parameter(text, DENOISER)
        for half in (self, self.companion()):
            if half is not None and name == named(half.network_model):
                return half.edit_network_config(text)
        return text

    def edit_network_config(self, text: str) -> str:
        """Fit the config of a further set's network to the checkpoint."""
        return text

    def write_voice(self, stage: Stage, content: Mapping[str, Any]) -> None:
        """Write this half's sidecar; where this half is new alone, the other one is copied beside it."""
        for model in VOICE_MODELS:
            stage.write_json(model, SIDECARS[self.role], content)
        sidecar = self.mate_sidecar()
        own = self.options.repository / self.options.named(VOICE_MODEL) / str(self.options.version)
        if self.companion() is None and sidecar and sidecar.parent != own:
            for model in VOICE_MODELS:
                stage.path(model, sidecar.name).write_bytes(sidecar.read_bytes())
            if not self.options.names:
                self._copy_other_half(stage, sidecar)

    def _copy_other_half(self, stage: Stage, sidecar: Path) -> None:
        suffix = sidecar.parents[1].name.removeprefix(VOICE_MODEL)
        for model in sorted({*self.mate_family().models} - {*VOICE_MODELS}):
            folder = self.options.repository / (model + suffix) / sidecar.parent.name
            for file in sorted(folder.iterdir()) if folder.is_dir() else ():
                if file.suffix in EXPORTED:
                    shutil.copyfile(file, stage.path(model, file.name))
