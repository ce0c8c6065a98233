"""The mel settings of voices with random weights: those of the published pair."""

from __future__ import annotations

FEATURES = "nemo.collections.asr.parts.preprocessing.features.FilterbankFeatures"

MEL = {
    "sample_rate": 22050,
    "n_window_size": 1024,
    "n_window_stride": 256,
    "n_fft": 1024,
    "nfilt": 80,
    "lowfreq": 0,
    "highfreq": 8000,
    "window": "hann",
    "normalize": None,
    "preemph": None,
    "log": True,
    "log_zero_guard_type": "clamp",
    "log_zero_guard_value": 1e-5,
    "mag_power": 1.0,
    "dither": 0.0,
    "pad_to": 0,
    "pad_value": -11.52,
}
"""The preprocessor of the published pair."""
