"""A voice: properties of its two checkpoints, and the check that they match."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ArtifactError
from ..sidecar import read_sidecar

SPECTROGRAMS, VOCODER = "spectrograms.json", "vocoder.json"  # sidecars of the two checkpoints
SPECTROGRAM_FIELDS = (
    "mel",
    "pad_value",
    "vocabulary",
    "frames_per_step",
    "prenet_layers",
    "prenet_units",
    "dropout",
    "max_decoder_steps",
)
VOCODER_FIELDS = ("mel", "hop_samples", "groups", "sigma")


@dataclass(frozen=True)
class Voice:
    """Properties of a spectrogram model and a vocoder."""

    sample_rate_hz: int  # of the audio
    hop_samples: int  # audio samples per mel frame
    mels: int  # number of mel bands
    silence: float  # mel value of silence, after the last frame
    vocabulary: int  # number of symbols
    frames_per_step: int  # mel frames per decoder step
    prenet_layers: int  # each with dropout, also at inference
    prenet_units: int  # per prenet layer
    dropout: float  # probability that a prenet unit is dropped
    max_steps: int  # limit on decoder steps of any utterance
    groups: int  # audio samples per column of z: rows of z
    sigma: float  # the checkpoint's standard deviation of z

    @classmethod
    def load(cls, folder: Path) -> Voice:
        """Read both sidecars as the exporters wrote them.

        Raises:
            ArtifactError: a file or field is missing, or the checkpoints do not match.
        """
        spectrograms = _read(folder / SPECTROGRAMS, SPECTROGRAM_FIELDS)
        vocoder = _read(folder / VOCODER, VOCODER_FIELDS)
        check_pair(spectrograms, vocoder)
        mel = spectrograms["mel"]
        return cls(
            sample_rate_hz=mel["sample_rate_hz"],
            hop_samples=mel["hop_samples"],
            mels=mel["mels"],
            silence=spectrograms["pad_value"],
            vocabulary=spectrograms["vocabulary"],
            frames_per_step=spectrograms["frames_per_step"],
            prenet_layers=spectrograms["prenet_layers"],
            prenet_units=spectrograms["prenet_units"],
            dropout=spectrograms["dropout"],
            max_steps=spectrograms["max_decoder_steps"],
            groups=vocoder["groups"],
            sigma=vocoder["sigma"],
        )

    @property
    def step_s(self) -> float:
        """Seconds of speech per decoder step."""
        return self.frames_per_step * self.hop_samples / self.sample_rate_hz

    def latent_columns(self, frames: int) -> int:
        """Return the number of columns of z for a number of mel frames."""
        return frames * self.hop_samples // self.groups


def check_pair(spectrograms: Mapping[str, Any], vocoder: Mapping[str, Any]) -> None:
    """Check that a vocoder was trained on the spectrograms of a model.

    Args:
        spectrograms: content of spectrograms.json.
        vocoder: content of vocoder.json.

    Raises:
        ArtifactError: names every setting that differs, with both values.
    """
    made, taken = spectrograms["mel"], vocoder["mel"]
    differing = [
        f"{name} {_shown(made, name)} and {_shown(taken, name)}"
        for name in dict.fromkeys([*made, *taken])
        if made.get(name) != taken.get(name)
    ]
    if differing:
        raise ArtifactError(
            "voice: expected spectrograms and vocoder of equal mel settings, got "
            f"{', '.join(differing)}; export checkpoints that were trained for each other."
        )
    hop, groups = vocoder["hop_samples"], vocoder["groups"]
    if hop != made["hop_samples"] or hop % groups:
        raise ArtifactError(
            f"voice: expected the vocoder to make {made['hop_samples']} samples per mel frame in whole "
            f"groups, got {hop} samples in groups of {groups}; export checkpoints that were trained for each "
            "other."
        )


def _read(path: Path, names: Sequence[str]) -> dict[str, Any]:
    return dict(zip(names, read_sidecar(path, *names), strict=True))


def _shown(settings: Mapping[str, Any], name: str) -> str:
    return json.dumps(settings[name]) if name in settings else "unknown"
