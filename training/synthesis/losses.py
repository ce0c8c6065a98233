"""The losses of Tacotron 2."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from training.synthesis.teacher_forcing import mask_of


def mel_loss(predicted: Tensor, true: Tensor, length: Tensor, deviation: Tensor) -> Tensor:
    """Average absolute and squared error of (B, T, M) frames, in deviations of each band."""
    error = ((predicted - true) / deviation)[mask_of(length, true.shape[1])]
    return error.abs().mean() + error.square().mean()


def gate_loss(gate: Tensor, length: Tensor, weight: float) -> Tensor:
    """Cross-entropy of (B, T + 1) logits; the gate fires at the first step after the utterance.

    NeMo drops the step at which the gate fires, so that step is after the last one of the utterance.
    """
    true = torch.zeros_like(gate).scatter_(1, length[:, None], 1.0)
    mask = mask_of(length + 1, gate.shape[1])
    return functional.binary_cross_entropy_with_logits(
        gate[mask], true[mask], pos_weight=gate.new_tensor(weight)
    )


def guided_attention_loss(alignment: Tensor, symbols: Tensor, steps: Tensor, width: float) -> Tensor:
    """Average weight of (B, T, S) that is off the diagonal (Tachibana et al. 2018, arXiv 1710.08969)."""
    step = torch.arange(alignment.shape[1], device=steps.device)[:, None] / steps[:, None, None]
    symbol = torch.arange(alignment.shape[2], device=steps.device) / symbols[:, None, None]
    off = 1 - torch.exp(-((step - symbol) ** 2) / (2 * width**2))
    return (alignment * off).sum(2)[mask_of(steps, alignment.shape[1])].mean()
