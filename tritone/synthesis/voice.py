"""A voice: properties of its two checkpoints, and the check that they match.

Either half is of one of two kinds, which its sidecar names. Spectrograms are made step by step
(autoregressive) or all at once (parallel); samples from noise (flow) or from the spectrogram alone (direct).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from ..errors import ArtifactError
from ..sidecar import read_sidecar

SPECTROGRAMS, VOCODER = "spectrograms.json", "vocoder.json"  # sidecars of the two checkpoints

_SYMBOLS_PER_STEP = 2  # per decoder step: faster than any speech
_LONGEST_SYMBOLS = 1000  # of a parallel network, which has no limit: its memory grows with the square
_ONE_LOGARITHM = ("log_zero_guard_type",)  # whether the guard is added or clamped to: alike above silence


@dataclass(frozen=True)
class Autoregressive:
    """A spectrogram model that makes some frames per step, as Tacotron 2, with dropout as noise."""

    kind: ClassVar[str] = "autoregressive"
    frames_per_step: int  # mel frames per decoder step
    prenet_layers: int  # each with dropout, also at inference
    prenet_units: int  # per prenet layer
    dropout: float  # probability that a prenet unit is dropped
    max_decoder_steps: int  # limit on decoder steps of any utterance
    context_frames: int  # on each side of a frame, that its mel depends on after decoding

    @property
    def longest_symbols(self) -> int:
        """The most symbols that an utterance may have."""
        return _SYMBOLS_PER_STEP * self.max_decoder_steps

    def steps(self, frames: float) -> int:
        """Decoder steps for a number of frames, at most the checkpoint's own limit."""
        return min(math.ceil(frames / self.frames_per_step), self.max_decoder_steps)

    def most_frames(self, frames: float) -> int:
        """The limit on an utterance's frames, if its caller allows this many."""
        return self.steps(frames) * self.frames_per_step


@dataclass(frozen=True)
class Parallel:
    """A spectrogram model that makes all frames at once, as FastPitch, without noise."""

    kind: ClassVar[str] = "parallel"
    speakers: int  # 0 for a checkpoint of one speaker

    @property
    def longest_symbols(self) -> int:
        """The most symbols that an utterance may have."""
        return _LONGEST_SYMBOLS

    def most_frames(self, frames: float) -> int:
        """The limit on an utterance's frames, if its caller allows this many."""
        return math.ceil(frames)


@dataclass(frozen=True)
class Flow:
    """A vocoder that turns noise into samples, as WaveGlow."""

    kind: ClassVar[str] = "flow"
    groups: int  # audio samples per column of z: rows of z
    sigma: float  # the checkpoint's standard deviation of z
    context_frames: int  # on each side of a frame, that its samples depend on


@dataclass(frozen=True)
class Direct:
    """A vocoder that takes nothing but the spectrogram, as HiFi-GAN."""

    kind: ClassVar[str] = "direct"
    context_frames: int  # on each side of a frame, that its samples depend on


@dataclass(frozen=True)
class Voice:
    """Properties of a spectrogram model and a vocoder."""

    sample_rate_hz: int  # of the audio
    hop_samples: int  # audio samples per mel frame
    mels: int  # number of mel bands
    fft_size: int  # samples of an analysis window, of the denoiser's too
    silence: float  # mel value of silence, after the last frame
    vocabulary: int  # number of symbols
    spectrograms: Autoregressive | Parallel
    vocoder: Flow | Direct

    @classmethod
    def load(cls, folder: Path) -> Voice:
        """Read both sidecars as the exporters wrote them.

        Raises:
            ArtifactError: a file or field is missing, or the checkpoints do not match.
        """
        spectrograms, vocoder = folder / SPECTROGRAMS, folder / VOCODER
        mel, silence, vocabulary = read_sidecar(spectrograms, "mel", "pad_value", "vocabulary")
        taken, hop = read_sidecar(vocoder, "mel", "hop_samples")
        maker, speaker = _half(spectrograms, Autoregressive, Parallel), _half(vocoder, Flow, Direct)
        check_pair({"mel": mel}, {"mel": taken, "hop_samples": hop, "groups": getattr(speaker, "groups", 1)})
        return cls(
            mel["sample_rate_hz"], hop, mel["mels"], mel["fft_size"], silence, vocabulary, maker, speaker
        )

    @property
    def frame_s(self) -> float:
        """Seconds of speech per mel frame."""
        return self.hop_samples / self.sample_rate_hz

    def latent_columns(self, frames: int) -> int:
        """Return the number of columns of z for a number of mel frames; 0 without z."""
        return frames * self.hop_samples // self.vocoder.groups if isinstance(self.vocoder, Flow) else 0


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
        if made.get(name) != taken.get(name) and name not in _ONE_LOGARITHM
    ]
    if differing:
        raise ArtifactError(
            "voice: expected spectrograms and vocoder of equal mel settings, got "
            f"{', '.join(differing)}; export checkpoints that were trained for each other."
        )
    hop, groups = vocoder["hop_samples"], vocoder.get("groups", 1)
    if hop != made["hop_samples"] or hop % groups:
        raise ArtifactError(
            f"voice: expected the vocoder to make {made['hop_samples']} samples per mel frame in whole "
            f"groups, got {hop} samples in groups of {groups}; export checkpoints that were trained for each "
            "other."
        )


def _half(sidecar: Path, *kinds: type[Any]) -> Any:
    (kind,) = read_sidecar(sidecar, "kind")
    for half in kinds:
        if half.kind == kind:
            return half(*read_sidecar(sidecar, *(field.name for field in fields(half))))
    known = " or ".join(half.kind for half in kinds)
    raise ArtifactError(f"{sidecar}: expected the kind {known}, got {kind!r}; export the checkpoint again.")


def _shown(settings: Mapping[str, Any], name: str) -> str:
    return json.dumps(settings[name]) if name in settings else "unknown"
