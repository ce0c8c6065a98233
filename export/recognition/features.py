"""The log-mel front end as a graph (NeMo's FilterbankFeatures in eval mode), independent of padding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from export.errors import UnsupportedCheckpointError
from export.onnx_graph import write_graph

BUCKET_FRAMES = 64
"""Output frames are padded to a multiple of this. Triton's dynamic batcher merges equal shapes; 64 frames of
10 ms cost 3% on a 10 s clip, and cover NeMo's own pad_to of 16."""

STD_GUARD = 1e-5  # added to the standard deviation, as NeMo does


class LogMel(nn.Module):
    """Waveforms to normalised log-mel features.

    Every row is computed as if it were alone: samples from `audio_length` on are never read, not even by the
    reflection at the end, and statistics are taken over the row's own frames. One difference from NeMo is
    intended: where NeMo divides by zero (a single frame has no standard deviation) or refuses (too short to
    reflect), the result here is finite.

    NeMo up to 2.4 reflects a clip at its ends and counts length // hop + 1 frames; from 2.5 on it continues a
    clip with zeros and leaves out the last frame. The installed NeMo decides.
    """

    def __init__(self, featurizer: Any, bucket_frames: int = BUCKET_FRAMES):
        """Take every setting from a NeMo FilterbankFeatures.

        Raises:
            UnsupportedCheckpointError: a setting that QuartzNet-like models do not use.
        """
        super().__init__()
        require_supported(featurizer)
        self.hop = int(featurizer.hop_length)
        self.window = int(featurizer.win_length)
        self.fft_size = int(featurizer.n_fft)
        self.mels = int(featurizer.nfilt)
        self.preemphasis = featurizer.preemph
        self.power = float(featurizer.mag_power)
        self.log = bool(featurizer.log)
        self.guard_type = featurizer.log_zero_guard_type
        self.guard = float(featurizer.log_zero_guard_value_fn(torch.zeros(())))
        self.normalize = featurizer.normalize
        self.pad_value = float(featurizer.pad_value)
        self.bucket_frames = bucket_frames
        self.extra_frames = extra_frames(featurizer)
        self.reflects = reflects(featurizer)
        # torch.stft centres the window in the frame and the frame on its hop, so a frame reads `left` samples
        # before its hop and `right` from it on. Only these of NeMo's n_fft // 2 padded samples are used.
        offset = (self.fft_size - self.window) // 2
        self.left = self.fft_size // 2 - offset
        self.right = self.window - self.left
        basis = dft_basis(featurizer.window, self.fft_size, offset)
        self.bins = self.fft_size // 2 + 1
        self.register_buffer("basis", basis[:, None, None, :])
        self.register_buffer("filterbank", featurizer.fb.reshape(self.mels, self.bins).clone())

    def forward(self, audio: Tensor, audio_length: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute features.

        Args:
            audio: (B, N) float32 mono samples in [-1, 1]; what follows a row's length is ignored.
            audio_length: (B, 1) int64, valid samples per row.

        Returns:
            features (B, M, T) float32, T a multiple of the bucket, and features_length (B, 1) int64 in
            frames: length // hop, plus 1 where NeMo adds it, or 0 for a row without samples; and log_mel
            (B, M, T), the features before normalisation, 0 in the padding.
        """
        length = audio_length.clamp(min=0).minimum(torch.tensor(audio.shape[1]))
        spectrum = self.spectrum(self.extended(audio, length))
        power = spectrum.square()
        power = power[:, : self.bins] + power[:, self.bins :]
        if self.power != 2.0:
            power = power.pow(self.power / 2)
        mels = torch.matmul(self.filterbank, power)
        if self.log:
            mels = (mels + self.guard).log() if self.guard_type == "add" else mels.clamp(min=self.guard).log()

        hops = torch.div(length, self.hop, rounding_mode="floor")
        frames = torch.where(length > 0, hops + self.extra_frames, 0)
        total = mels.shape[2]
        mels = nn.functional.pad(
            mels, (0, (self.bucket_frames - total % self.bucket_frames) % self.bucket_frames)
        )
        valid = (torch.arange(mels.shape[2]).unsqueeze(0) < frames).unsqueeze(1)
        mels = torch.where(valid, mels, 0.0)
        features = self.normalized(mels, valid, frames.unsqueeze(2))
        return torch.where(valid, features, self.pad_value), frames, mels

    def extended(self, audio: Tensor, length: Tensor) -> Tensor:
        """Emphasise, and continue each row at its own two ends: (B, N) to (B, left + N + right)."""
        audio = nn.functional.pad(audio, (1, self.right))
        body = audio[:, 1:]
        if self.preemphasis:
            body = body - self.preemphasis * audio[:, :-1]
        if not self.reflects:
            inside = torch.arange(body.shape[1]).unsqueeze(0) < length
            return nn.functional.pad(torch.where(inside, body, 0.0), (self.left, 0))
        head = body.gather(1, reflected(torch.arange(-self.left, 0).unsqueeze(0), length))
        beyond = length + torch.arange(self.right).unsqueeze(0)
        body = body.scatter(1, beyond, body.gather(1, reflected(beyond, length)))
        return torch.cat([head, body], dim=1)

    def spectrum(self, audio: Tensor) -> Tensor:
        """Windowed DFT of every frame: (B, samples) to (B, 2 F, T), real parts first."""
        frames = nn.functional.conv2d(audio[:, None, None, :], self.basis, stride=(1, self.hop))
        return frames.squeeze(2)

    def normalized(self, mels: Tensor, valid: Tensor, frames: Tensor) -> Tensor:
        """Subtract the mean and divide by the standard deviation over a row's own frames.

        Args:
            mels: (B, M, T), zero where not valid.
            valid: (B, 1, T) bool.
            frames: (B, 1, 1) int64, valid frames.
        """
        if not self.normalize:
            return mels
        axes, values = ((2,), frames) if self.normalize == "per_feature" else ((1, 2), frames * self.mels)
        mean = mels.sum(axes, keepdim=True) / values.clamp(min=1)
        centred = torch.where(valid, mels - mean, 0.0)
        variance = centred.square().sum(axes, keepdim=True) / (values - 1).clamp(min=1)
        return centred / (variance.sqrt() + STD_GUARD)


def extra_frames(featurizer: Any) -> int:
    """Frames that NeMo's FilterbankFeatures counts beyond one for each whole hop: 1, or 0 from 2.5 on."""
    hops = 100
    return int(featurizer.get_seq_len(torch.tensor([hops * int(featurizer.hop_length)]))) - hops


def reflects(featurizer: Any) -> bool:
    """Whether NeMo's FilterbankFeatures reflects audio at its ends; from 2.5 on it adds zeros there."""
    constant = featurizer.stft(torch.ones(1, 4 * int(featurizer.n_fft)))[0, 0].abs()  # bin 0 of every frame
    return bool(constant[0] > 0.9 * constant[len(constant) // 2])


def reflected(position: Tensor, length: Tensor) -> Tensor:
    """Index of the sample at `position` when a signal of `length` samples is mirrored endlessly.

    Any distance works, so a clip shorter than half a window needs no special case.

    Args:
        position: (1 or B, P) int64, negative before the start.
        length: (B, 1) int64.
    """
    period = (2 * (length - 1)).clamp(min=1)
    phase = torch.remainder(position, period)
    return torch.minimum(phase, period - phase)


def dft_basis(window: Tensor, fft_size: int, offset: int) -> Tensor:
    """Windowed cosines and sines, computed in float64.

    Args:
        window: (W,) weights.
        fft_size: length of the transform.
        offset: zeros before the window inside the transform's frame.

    Returns:
        (2 F, W) float32 with F = fft_size // 2 + 1, cosines first.
    """
    taps = torch.arange(offset, offset + window.numel(), dtype=torch.float64)
    bins = torch.arange(fft_size // 2 + 1, dtype=torch.float64)
    angle = 2 * torch.pi * torch.outer(bins, taps) / fft_size
    weight = window.double()
    return torch.cat([angle.cos() * weight, -angle.sin() * weight]).float()


def require_supported(featurizer: Any) -> None:
    """Refuse the settings that this front end does not reproduce.

    Raises:
        UnsupportedCheckpointError: names the setting and the supported values.
    """
    kind = type(featurizer).__name__
    if kind != "FilterbankFeatures":
        raise UnsupportedCheckpointError(
            f"preprocessor: expected FilterbankFeatures, got {kind}; set use_torchaudio: false, save again."
        )
    if featurizer.exact_pad:
        raise UnsupportedCheckpointError("preprocessor: expected exact_pad false, got true; not supported.")
    if featurizer.frame_splicing != 1:
        raise UnsupportedCheckpointError(
            f"preprocessor: expected frame_splicing 1, got {featurizer.frame_splicing}; not supported."
        )
    if featurizer.normalize not in ("per_feature", "all_features", None, False, ""):
        raise UnsupportedCheckpointError(
            f"preprocessor: expected normalize per_feature, all_features or none, got {featurizer.normalize}."
        )


def write_features(module: LogMel, path: Path) -> None:
    """Write the front end as an ONNX graph."""
    samples = 4 * module.fft_size
    example = (torch.randn(2, samples) * 0.1, torch.tensor([[samples], [samples // 2]]))
    write_graph(
        module,
        example,
        path,
        inputs={"audio": ("B", "N"), "audio_length": ("B", 1)},
        outputs={
            "features": ("B", module.mels, "T"),
            "features_length": ("B", 1),
            "log_mel": ("B", module.mels, "T"),
        },
    )
