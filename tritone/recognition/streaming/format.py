"""What a checkpoint decides about streams, and the contexts that its network is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...errors import ArtifactError
from ...model_parameters import Parameters
from ...sidecar import read_sidecar
from .statistics import Prior

FILE_NAME = "stream.json"
# What the file repeats of features.json.
FRONT_END = ("sample_rate_hz", "hop_samples", "window_samples", "normalize", "bucket_frames")
_FIELDS = (
    "sample_rate_hz",
    "hop_samples",
    "frame_samples",
    "window_samples",
    "normalize",
    "bucket_frames",
    "prior",
)


@dataclass(frozen=True)
class StreamFormat:
    """Timing of a recogniser's features and frames; all lengths in samples at its rate."""

    sample_rate_hz: int
    hop: int  # samples per frame of features
    stride: int  # frames of features per frame of log-probabilities
    left: int  # samples that a frame of features reads before its hop, and
    right: int  # from its hop on
    normalize: str | None  # per_feature, all_features or None
    prior: Prior | None
    shortest: int = 1  # frames of features that the network takes at least: engines are built for no fewer

    @classmethod
    def load(cls, path: Path) -> StreamFormat:
        """Read `stream.json` as the exporter wrote it."""
        rate_hz, hop, frame, window, normalize, bucket, prior = read_sidecar(path, *_FIELDS)
        left = (window + 1) // 2
        return cls(rate_hz, hop, frame // hop, left, window - left, normalize, Prior.read(prior), bucket)

    @property
    def lead(self) -> int:
        """Frames at the start of a stretch whose windows, or their pre-emphasis, begin before it."""
        return -(-(self.left + 1) // self.hop)

    @property
    def feature_s(self) -> float:
        """Seconds per frame of features."""
        return self.hop / self.sample_rate_hz

    @property
    def frame_samples(self) -> int:
        """Samples per frame of log-probabilities."""
        return self.hop * self.stride


@dataclass(frozen=True)
class Context:
    """What the network gets with each step, in frames of features."""

    left: int  # before the frames that are new
    right: int  # after the last frame that is settled
    step: int  # new frames that are worth a call

    @classmethod
    def of(cls, path: Path, parameters: Parameters, form: StreamFormat) -> Context:
        """Take each length from the model's config, or else from the sidecar.

        Raises:
            ArtifactError: the file lacks them, or a parameter is not a positive number.
        """
        lengths = {}
        for name in ("left_context_s", "right_context_s", "step_s"):
            seconds = parameters.number(name) if parameters.has(name) else read_sidecar(path, name)[0]
            frames = round(seconds / form.feature_s / form.stride) * form.stride
            if frames < form.stride:
                raise ArtifactError(
                    f"model '{parameters.model}', parameter {name}: expected at least a frame of the "
                    f"network ({form.stride * form.feature_s:g} s), got {seconds:g} s; correct config.pbtxt."
                )
            lengths[name] = frames
        return cls(*lengths.values())
