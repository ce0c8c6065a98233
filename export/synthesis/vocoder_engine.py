"""What engines of all vocoders are verified with: spectrograms of speech, and samples compared."""

from __future__ import annotations

import numpy as np

from export.synthesis.limits import VoiceLimits
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.samples import Arrays, Reference
from export.tensorrt.verification import Row, joined, lengths_row, valid_rows
from export.verification import max_abs, relative_l2
from tritone.synthesis.limits import bucket

VERIFIED_S = 3  # of speech


def sample_mels(
    repository: RepositoryVersion, model: str, limits: VoiceLimits, reference: Reference
) -> Arrays:
    """Return mel (B, M, T) by the voice's other half, cut to a few seconds, and mel_length (B, 1)."""
    voice = limits.voice
    made = reference(repository.parameters(repository.caller(model)).name("spectrogram_model"))
    most = min(made["mel"].shape[2], VERIFIED_S * voice.sample_rate_hz // voice.hop_samples)
    most = bucket(most, limits.frames_bucket)
    length = np.minimum(made["mel_length"], most)
    mel = np.full((len(length), voice.mels, most), voice.silence, np.float32)
    mel[:, :, : made["mel"].shape[2]] = made["mel"][:, :, :most]
    return {"mel": mel, "mel_length": length}


def compare_audio(measured: Arrays, expected: Arrays, tolerance: float) -> list[Row]:
    """Compare samples, and the silence after them.

    Args:
        measured: audio (B, N) and audio_length (B, 1).
        expected: the same.
        tolerance: relative L2 of the samples.
    """
    length = expected["audio_length"]
    rows = [joined(valid_rows(side["audio"], length, 0)) for side in (measured, expected)]
    after = [row[int(count) :] for row, count in zip(measured["audio"], length[:, 0], strict=True)]
    silent = joined(after)
    return [
        lengths_row("audio_length", measured, expected),
        ("audio", "relative L2", relative_l2(rows[0], rows[1]), tolerance),
        ("after the end", "max abs", max_abs(silent, np.zeros_like(silent)), 0.0),
    ]
