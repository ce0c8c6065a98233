"""A teacher-forced pass through NeMo's Tacotron 2 modules that is fast on a CPU.

NeMo decodes step by step through every layer. With the true frames as input only the attention depends on
the step before: the prenet runs on all frames at once before the loop, and the decoder's LSTM, the
projections and the postnet then run on all steps at once. The parameters are those of NeMo's modules.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.synthesis.attention_loop import AttentionLoop


def mask_of(length: Tensor, size: int) -> Tensor:
    """Return (B, size) bool: True inside each row's length."""
    return torch.arange(size, device=length.device) < length[:, None]


def masked_norm(norm: nn.BatchNorm1d, x: Tensor, mask: Tensor) -> Tensor:
    """Normalise (B, C, T) with statistics inside the mask (B, T); zero elsewhere."""
    rows = x.transpose(1, 2)
    normed = torch.zeros_like(rows)
    normed[mask] = norm(rows[mask])
    return normed.transpose(1, 2)


def encode(encoder: Any, embedded: Tensor, length: Tensor, dropout: float) -> Tensor:
    """Encode (B, S, E) embedded symbols as one utterance at a time would: padding has no effect.

    Returns:
        (B, S, E) memory.
    """
    mask = mask_of(length, embedded.shape[1])
    x = (embedded * mask[..., None]).transpose(1, 2)
    for convolution, norm in encoder.convolutions:
        x = functional.relu(masked_norm(norm, convolution(x), mask))
        x = functional.dropout(x, dropout, encoder.training)
    packed = nn.utils.rnn.pack_padded_sequence(
        x.transpose(1, 2), length.cpu(), batch_first=True, enforce_sorted=False
    )
    memory: Tensor = nn.utils.rnn.pad_packed_sequence(encoder.lstm(packed)[0], batch_first=True)[0]
    return memory


def decode(decoder: Any, memory: Tensor, length: Tensor, frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Decode with the true frames as input.

    Args:
        decoder: NeMo's Decoder.
        memory: (B, S, E), what `encode` returned.
        length: (B,) symbols.
        frames: (B, T, R M), the true frames of T steps.

    Returns:
        steps (B, T + 1, R M), gate (B, T + 1) logits and alignment (B, T + 1, S).
    """
    go = frames.new_zeros(1, frames.shape[0], frames.shape[2])
    inputs = decoder.prenet(torch.cat((go, frames.transpose(0, 1))))
    cell, attention = decoder.attention_rnn, decoder.attention_layer
    units = inputs.shape[2]
    location = attention.location_layer
    folded = torch.einsum(
        "df,fck->ckd", location.location_dense.linear_layer.weight, location.location_conv.conv.weight
    )
    mask = mask_of(length, memory.shape[1])
    states, alignment = AttentionLoop.apply(
        functional.linear(inputs, cell.weight_ih[:, :units], cell.bias_ih + cell.bias_hh),
        torch.cat((cell.weight_ih[:, units:], cell.weight_hh), 1).t(),
        memory,
        attention.memory_layer(memory),
        attention.query_layer.linear_layer.weight.t(),
        folded.flatten(0, 1),
        attention.v.linear_layer.weight.t(),
        torch.zeros(mask.shape, device=mask.device).masked_fill_(~mask, -torch.inf),
    )
    context = states[..., decoder.attention_rnn_dim :]
    cell = decoder.decoder_rnn
    zero = states.new_zeros(1, states.shape[1], decoder.decoder_rnn_dim)
    parameters = [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh]
    hidden, _, _ = torch.lstm(states, (zero, zero), parameters, True, 1, 0.0, False, False, False)
    hidden = torch.cat((hidden, context), 2).transpose(0, 1)
    return decoder.linear_projection(hidden), decoder.gate_layer(hidden)[..., 0], alignment.transpose(0, 1)


def refine(postnet: Any, mel: Tensor, length: Tensor) -> Tensor:
    """Add the postnet's correction to (B, T, M) frames, each row as if it were alone.

    Args:
        postnet: NeMo's Postnet.
        mel: (B, T, M) frames.
        length: (B,) frames.
    """
    mask = mask_of(length, mel.shape[1])
    x = (mel * mask[..., None]).transpose(1, 2)
    *hidden, (last_convolution, last_norm) = postnet.convolutions
    for convolution, norm in hidden:
        x = torch.tanh(masked_norm(norm, convolution(x), mask))
        x = functional.dropout(x, postnet.p_dropout, postnet.training)
    return mel + masked_norm(last_norm, last_convolution(x), mask).transpose(1, 2)
