"""What streams need to know of a checkpoint: timing, labels, contexts, statistics of speech."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.recognition.context import contexts, described, receptive_field
from export.recognition.recordings import Recording
from tritone.recognition.streaming.format import FRONT_END
from tritone.recognition.streaming.statistics import Prior

STREAM = "asr_stream"  # of the repository: the model that recognises streams


def stream_fields(
    features: Any,
    acoustic_model: Path,
    recordings: Sequence[Recording],
    front_end: Mapping[str, Any],
    decoder: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the content of `stream.json`.

    Args:
        features: the exported front end, called with arrays.
        acoustic_model: the exported graph.
        recordings: of speech, that statistics are taken from; without any, streams start without.
        front_end: the content of `features.json`.
        decoder: the content of `ctc.json`.
    """
    feature_s = front_end["hop_samples"] / front_end["sample_rate_hz"]
    stride = round(decoder["frame_s"] / feature_s)
    field = receptive_field(acoustic_model)
    return {
        **{name: front_end[name] for name in FRONT_END},
        "frame_samples": front_end["hop_samples"] * stride,
        **contexts(field, feature_s, stride),
        **described(field, feature_s),
        "prior": _prior(features, recordings) if front_end["normalize"] else None,
        **decoder,
    }


def _prior(features: Any, recordings: Sequence[Recording]) -> dict[str, Any] | None:
    heard = []
    for recording in recordings:
        length = np.array([[recording.samples.size]], np.int64)
        computed = features(audio=recording.samples[np.newaxis], audio_length=length)
        heard.append(computed["log_mel"][0, :, : computed["features_length"][0, 0]])
    return Prior.of(np.concatenate(heard, axis=1)).fields if heard else None
