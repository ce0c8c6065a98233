"""The mel settings of a checkpoint, on which the two halves of a voice must agree."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from export.errors import UnsupportedCheckpointError

KINDS = ("FilterbankFeatures", "AudioToMelSpectrogramPreprocessor")


def mel_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Read the settings from a checkpoint's preprocessor section, as sidecars hold them.

    The padding at the ends of training clips is left out: it shifts frames by less than one, and does not
    change what a frame represents.

    Args:
        config: `preprocessor` of model_config.yaml; arguments may be under `params`, as in early releases.

    Raises:
        UnsupportedCheckpointError: another kind of preprocessor, or spliced frames.
    """
    given = {**defaults(config), **(config.get("params") or config)}
    if given["frame_splicing"] != 1:
        raise UnsupportedCheckpointError(
            f"preprocessor: expected frame_splicing 1, got {given['frame_splicing']}; not supported."
        )
    rate = int(given["sample_rate"])
    window, hop = (samples(given, name, rate) for name in ("size", "stride"))
    fft_size = given["n_fft"] or 2 ** int(np.ceil(np.log2(window)))
    mels = given["nfilt"] if "nfilt" in given else given["features"]
    return {
        "sample_rate_hz": rate,
        "mels": int(mels),
        "fft_size": int(fft_size),
        "window_samples": window,
        "hop_samples": hop,
        "window": given["window"],
        "lowest_hz": float(given["lowfreq"] or 0),
        "highest_hz": float(given["highfreq"] or rate / 2),
        "magnitude_power": float(given["mag_power"]),
        "log": bool(given["log"]),
        "log_zero_guard_type": given["log_zero_guard_type"],
        "log_zero_guard_value": guard(given["log_zero_guard_value"]),
        "normalize": given["normalize"] or None,
        "preemphasis": None if given["preemph"] is None else float(given["preemph"]),
        "mel_norm": given["mel_norm"],
    }


def silence(settings: Mapping[str, Any]) -> float:
    """The value of every band in digital silence."""
    return float(np.log(settings["log_zero_guard_value"])) if settings["log"] else 0.0


def defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """NeMo's defaults for settings that a checkpoint does not have."""
    from nemo.collections.asr.modules import AudioToMelSpectrogramPreprocessor
    from nemo.collections.asr.parts.preprocessing.features import FilterbankFeatures

    kind = str(config.get("_target_") or config.get("cls")).rpartition(".")[2]
    if kind not in KINDS:
        raise UnsupportedCheckpointError(
            f"preprocessor: expected {' or '.join(KINDS)}, got {kind}; not supported."
        )
    found = FilterbankFeatures if kind == "FilterbankFeatures" else AudioToMelSpectrogramPreprocessor
    arguments = inspect.signature(found.__init__).parameters.values()
    return {argument.name: argument.default for argument in arguments if argument.name != "self"}


def samples(given: Mapping[str, Any], name: str, rate: int) -> int:
    """The size or stride of the window in samples, given in samples or in seconds."""
    in_samples = given[f"n_window_{name}"]
    return int(in_samples) if in_samples else int(given[f"window_{name}"] * rate)


def guard(value: Any) -> float:
    """The guard value of the logarithm, which NeMo also accepts by name."""
    named = {"tiny": np.finfo(np.float32).tiny, "eps": np.finfo(np.float32).eps}
    return float(named.get(value, value) if isinstance(value, str) else value)
