"""Tacotron 2's encoder (NeMo Encoder) independent of padding, without channels that are always zero."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from export.convolution import Convolution, Timeline
from export.errors import UnsupportedCheckpointError


class Encoder(nn.Module):
    """Symbols to the memory that the decoder attends to.

    Every row is computed as if it were alone: convolutions see zeros after a row's last symbol, and the
    backward LSTM starts at that symbol.
    """

    def __init__(self, embedding: nn.Embedding, encoder: Any):
        """Take the weights of a NeMo Tacotron2Model's embedding and encoder."""
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(embedding.weight.detach().clone())
        self.convolutions = nn.ModuleList(normalised(layer) for layer in encoder.convolutions)
        self.onward = one_direction(encoder.lstm, "")
        self.backward = one_direction(encoder.lstm, "_reverse")

    @property
    def channels(self) -> int:
        """Channels of the memory."""
        return int(self.onward.hidden_size + self.backward.hidden_size)

    def forward(self, symbols: Tensor, symbols_length: Tensor) -> Tensor:
        """Compute the memory.

        Args:
            symbols: (B, S) int64; everything after a row's length is ignored.
            symbols_length: (B, 1) int64.

        Returns:
            memory (B, S, E) float32, zero after a row's length.
        """
        timeline = Timeline(symbols_length)
        places = torch.arange(symbols.shape[1]).unsqueeze(0)
        valid = places < symbols_length
        # Any valid symbol will do after the end.
        x = self.embedding(torch.where(valid, symbols, 0)).transpose(1, 2).unsqueeze(2)
        for convolution in self.convolutions:
            x = convolution(x, timeline)[0].relu()
        x = x.squeeze(2).permute(2, 0, 1)
        mirrored = torch.where(valid, symbols_length - 1 - places, places).transpose(0, 1).unsqueeze(2)
        onward = self.onward(x)[0]
        backward = self.backward(x.gather(0, mirrored.expand(-1, -1, x.shape[2])))[0]
        backward = backward.gather(0, mirrored.expand(-1, -1, backward.shape[2]))
        memory = torch.cat([onward, backward], dim=2).transpose(0, 1)
        return memory * valid.unsqueeze(2).to(memory.dtype)


def normalised(layer: Any) -> Convolution:
    """A convolution with the batch normalisation that follows it folded in, from NeMo's Sequential of both.

    Raises:
        UnsupportedCheckpointError: an even kernel, which shifts the time axis.
    """
    conv = layer[0].conv
    kernel, padding = conv.kernel_size[0], conv.padding[0]
    if 2 * padding != kernel - 1:
        raise UnsupportedCheckpointError(f"convolution: expected a kernel of odd size, got {kernel}.")
    folded = Convolution(conv, (padding, padding))
    folded.fold(layer[1])
    return folded


def one_direction(lstm: nn.LSTM, suffix: str) -> nn.LSTM:
    """One direction of a bidirectional LSTM, with its biases merged (suffix "" or "_reverse")."""
    single = nn.LSTM(lstm.input_size, lstm.hidden_size)
    with torch.no_grad():
        single.weight_ih_l0.copy_(getattr(lstm, f"weight_ih_l0{suffix}"))
        single.weight_hh_l0.copy_(getattr(lstm, f"weight_hh_l0{suffix}"))
        single.bias_ih_l0.copy_(getattr(lstm, f"bias_ih_l0{suffix}") + getattr(lstm, f"bias_hh_l0{suffix}"))
        single.bias_hh_l0.zero_()
    return single


def prune(encoder: Encoder) -> Tensor:
    """Remove every channel that is zero for every input, in place.

    NeMo fixes the embedding at 512 channels; a smaller network is stored with the others zero. The
    result is equal, since only products with zero are left out.

    Returns:
        Indices (E',) int64 of the memory's channels that are left, among those there were.
    """
    live = alive(encoder.embedding.weight.any(dim=0))
    encoder.embedding = nn.Embedding.from_pretrained(encoder.embedding.weight[:, live].clone())
    for convolution in encoder.convolutions:
        conv = convolution.conv
        weight = conv.weight.data[:, live]
        # Without weights a channel is its bias everywhere, and the rectifier turns a negative one into zero.
        live = alive(weight.flatten(1).any(dim=1) | (conv.bias.data > 0))
        conv.weight.data, conv.bias.data = weight[live].clone(), conv.bias.data[live].clone()
        conv.in_channels, conv.out_channels = weight.shape[1], len(live)
    units = encoder.onward.hidden_size
    encoder.onward, onward = pruned_lstm(encoder.onward, live)
    encoder.backward, backward = pruned_lstm(encoder.backward, live)
    return torch.cat([onward, units + backward])


def pruned_lstm(lstm: nn.LSTM, inputs: Tensor) -> tuple[nn.LSTM, Tensor]:
    """An LSTM without the units that stay at zero, and the indices of those that are left.

    A unit stays at zero when its cell's candidate does: when that has no bias, and weights only from inputs
    and units that are zero themselves.

    Args:
        lstm: one direction.
        inputs: (I',) int64, the inputs that are not always zero.
    """
    units = lstm.hidden_size
    candidate = slice(2 * units, 3 * units)  # torch's order of gates: input, forget, cell, output
    weight, recurrent = lstm.weight_ih_l0.data[:, inputs], lstm.weight_hh_l0.data
    zero = ~weight[candidate].any(dim=1) & (lstm.bias_ih_l0.data[candidate] == 0)
    while True:
        still = zero & ~recurrent[candidate][:, ~zero].any(dim=1)
        if bool((still == zero).all()):
            break
        zero = still
    live = alive(~zero)
    rows = (torch.arange(4)[:, None] * units + live).flatten()
    smaller = nn.LSTM(len(inputs), len(live))
    with torch.no_grad():
        smaller.weight_ih_l0.copy_(weight[rows])
        smaller.weight_hh_l0.copy_(recurrent[rows][:, live])
        smaller.bias_ih_l0.copy_(lstm.bias_ih_l0[rows])
        smaller.bias_hh_l0.zero_()
    return smaller, live


def alive(mask: Tensor) -> Tensor:
    """Indices of the channels to keep; at least one, for a network must have some."""
    indices = mask.nonzero().flatten()
    return indices if len(indices) else torch.zeros(1, dtype=torch.int64)
