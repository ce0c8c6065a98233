"""After Tacotron 2's decoder: cutting rows to their length, and the postnet (NeMo Postnet)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from export.convolution import Timeline
from export.families.tacotron2.encoder import normalised


class Postnet(nn.Module):
    """The loop's stacked steps to spectrograms.

    Every layer sees zeros after a row's last frame, as when NeMo computes the row alone.
    """

    def __init__(self, postnet: Any, mels: int, pad_value: float):
        """Take the weights of a NeMo Postnet.

        Args:
            postnet: NeMo's.
            mels: bands of a frame.
            pad_value: mel value of the frames after a row's last.
        """
        super().__init__()
        self.convolutions = nn.ModuleList(normalised(layer) for layer in postnet.convolutions)
        # On each side of a frame, that it depends on.
        self.context_frames = sum(convolution.kernel // 2 for convolution in self.convolutions)
        self.mels = mels
        self.pad_value = pad_value

    def forward(
        self, steps: Tensor, symbols_length: Tensor, frames: Tensor, gate: Tensor, alignment: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Finish a batch.

        Args:
            steps: (B,) int64, steps before each row's gate fired.
            symbols_length: (B, 1) int64.
            frames: (L, B, r*M), outputs of every step.
            gate: (L, B), probabilities.
            alignment: (L, B, S), attention weights.

        Returns:
            mel (B, M, T), mel_length (B, 1) int64 in frames, alignment (B, T/r, S) and gate (B, T/r). After
            a row's end the mel has the pad value, the alignment is zero and the gate one.
        """
        # NeMo's decoder keeps the first step even when the gate fires there.
        kept = torch.where(symbols_length.squeeze(1) > 0, steps.clamp(min=1), 0)
        longest = kept.max().clamp(min=1)
        frames, gate, alignment = frames[:longest], gate[:longest], alignment[:longest]
        valid = torch.arange(frames.shape[0]).unsqueeze(0) < kept.unsqueeze(1)
        gate = torch.where(valid, gate.transpose(0, 1), 1.0)
        alignment = torch.where(valid.unsqueeze(2), alignment.transpose(0, 1), 0.0)

        per_step = frames.shape[2] // self.mels
        mel = frames.permute(1, 0, 2).reshape(frames.shape[1], -1, self.mels).transpose(1, 2).unsqueeze(2)
        length = (kept * per_step).unsqueeze(1)
        timeline = Timeline(length)
        x = self.convolutions[0](mel, timeline)[0]
        for convolution in self.convolutions[1:]:
            x = convolution(x.tanh(), timeline)[0]
        inside = (torch.arange(mel.shape[3]).unsqueeze(0) < length)[:, None, None, :]
        mel = torch.where(inside, mel + x, self.pad_value).squeeze(2)
        return mel, length, alignment, gate
