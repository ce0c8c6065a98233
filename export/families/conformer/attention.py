"""Self-attention with relative positions (Dai et al. 2019; NeMo's RelPositionMultiHeadAttention)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from export.convolution import bias_of

MASKED = -10000.0  # added to scores of keys that must not be seen, as NeMo fills them


class RelativePositions(nn.Module):
    """Sinusoids of all distances between frames, computed in the graph: recordings may have any length."""

    def __init__(self, width: int):
        super().__init__()
        steps = torch.arange(0, width, 2, dtype=torch.float32) * -(math.log(10000.0) / width)
        self.register_buffer("frequencies", steps.exp(), persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """Return (2T - 1, D) for T frames, from distance T - 1 down to 1 - T; sines first, then cosines."""
        distances = torch.arange(frames - 1, -frames, -1, dtype=torch.float32)
        angles = distances.unsqueeze(1) * self.frequencies
        return torch.cat([angles.sin(), angles.cos()], dim=1)


class RelativeAttention(nn.Module):
    """Attention of every frame to all frames of its row.

    The scale of the scores is folded into the query's weights, query, key and value are one product, and the
    columns of the position's weights are in the order of `RelativePositions`.
    """

    def __init__(self, module: Any):
        """Take over a NeMo RelPositionMultiHeadAttention."""
        super().__init__()
        self.heads, self.head_width = int(module.h), int(module.d_k)
        width = self.heads * self.head_width
        scale = 1.0 / math.sqrt(self.head_width)
        self.qkv = nn.Linear(width, 3 * width)
        parts = (module.linear_q, module.linear_k, module.linear_v)
        scales = (scale, 1.0, 1.0)
        self.qkv.weight.data = torch.cat([part.weight * by for part, by in zip(parts, scales, strict=True)])
        self.qkv.bias.data = torch.cat([bias_of(part) * by for part, by in zip(parts, scales, strict=True)])
        # NeMo interleaves sines and cosines.
        order = torch.cat([torch.arange(0, width, 2), torch.arange(1, width, 2)])
        self.positions = nn.Linear(width, width, bias=False)
        self.positions.weight.data = module.linear_pos.weight[:, order].clone()
        self.content_bias = nn.Parameter(module.pos_bias_u[:, None] * scale)  # (H, 1, d)
        self.position_bias = nn.Parameter(module.pos_bias_v[:, None] * scale)
        self.out = nn.Linear(width, width)
        self.out.weight.data = module.linear_out.weight.data.clone()
        self.out.bias.data = bias_of(module.linear_out)

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        """Attend.

        Args:
            x: (B, T, D) float32.
            positions: (2T - 1, D) as RelativePositions gives them.
            mask: added to the scores, (B, 1, 1, T) or (B, 1, T, T): 0 where a key may be seen, else MASKED.

        Returns:
            (B, T, D).
        """
        batch = x.shape[0]
        q, k, v = self.qkv(x).reshape(batch, -1, 3, self.heads, self.head_width).permute(2, 0, 3, 1, 4)
        # (H, d, 2T - 1)
        p = self.positions(positions).reshape(-1, self.heads, self.head_width).permute(1, 2, 0)
        by_content = (q + self.content_bias) @ k.transpose(2, 3)
        by_position = shifted((q + self.position_bias) @ p)
        attention = (by_content + by_position + mask).softmax(dim=3)
        return self.out((attention @ v).permute(0, 2, 1, 3).flatten(2))


def shifted(scores: Tensor) -> Tensor:
    """From scores per distance (B, H, T, 2T - 1) to scores per key (B, H, T, T).

    Row t needs the distances t to t - T + 1, which begin T - 1 - t columns further right. Reading the padded
    scores with rows of another width moves every row by one more than the one before.
    """
    frames = scores.shape[2]
    padded = nn.functional.pad(scores, (1, 0))
    moved = padded.reshape(scores.shape[0], scores.shape[1], -1, frames)[:, :, 1:]
    return moved.reshape(scores.shape)[..., :frames]
