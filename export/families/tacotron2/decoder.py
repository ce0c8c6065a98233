"""One step of Tacotron 2's decoder (NeMo Decoder), with all state between steps explicit."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from export.errors import UnsupportedCheckpointError

PRENET_LAYERS = 2  # fixed in NeMo's Decoder


class Cell(nn.Module):
    """An LSTM cell as one matrix product over input and state."""

    def __init__(self, cell: nn.LSTMCell, inputs: Tensor):
        """Take the columns `inputs` (I',) int64 of an LSTMCell."""
        super().__init__()
        units = cell.hidden_size
        # Torch orders the gates input, forget, cell, output; with the cell last, one sigmoid does for three.
        order = torch.cat(
            [torch.arange(2 * units), torch.arange(3 * units, 4 * units), torch.arange(units) + 2 * units]
        )
        weight = torch.cat([cell.weight_ih[:, inputs], cell.weight_hh], dim=1)
        self.units = units
        self.register_buffer("weight", weight[order].t().contiguous())
        self.register_buffer("bias", (cell.bias_ih + cell.bias_hh)[order].clone())

    def forward(self, x: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Advance by one step.

        Args:
            x: (B, I' + H), input and previous output.
            memory: (B, H), previous cell state.

        Returns:
            output and cell state, both (B, H).
        """
        gates = torch.matmul(x, self.weight) + self.bias
        entry, keep, release = gates[:, : 3 * self.units].sigmoid().chunk(3, dim=1)
        memory = keep * memory + entry * gates[:, 3 * self.units :].tanh()
        return release * memory.tanh(), memory


class DecoderStep(nn.Module):
    """The previous frames to the next ones."""

    def __init__(self, decoder: Any, memory_channels: Tensor):
        """Take the weights of a NeMo Decoder.

        Args:
            decoder: NeMo's.
            memory_channels: (E',) int64, which of the encoder's channels there are.
        """
        super().__init__()
        require_supported(decoder)
        attention = decoder.attention_layer
        prenet, hidden = int(decoder.prenet_dim), int(decoder.attention_rnn_dim)
        self.mels = int(decoder.n_mel_channels)
        self.frames_per_step = int(decoder.n_frames_per_step)
        self.prenet_units = prenet
        self.dropout = float(decoder.prenet.p_dropout)
        self.gate_threshold = float(decoder.gate_threshold)
        self.memory_channels = len(memory_channels)

        # A rectifier commutes with a positive factor, so dropout's scale goes into the weights.
        kept = 1.0 / (1.0 - self.dropout)
        for index, layer in enumerate(decoder.prenet.layers):
            self.register_buffer(f"prenet_{index}", (layer.linear_layer.weight * kept).t().contiguous())
        self.attention_rnn = Cell(
            decoder.attention_rnn, torch.cat([torch.arange(prenet), prenet + memory_channels])
        )
        self.decoder_rnn = Cell(
            decoder.decoder_rnn, torch.cat([torch.arange(hidden), hidden + memory_channels])
        )

        self.register_buffer("query", attention.query_layer.linear_layer.weight.t().contiguous())
        self.register_buffer(
            "key", attention.memory_layer.linear_layer.weight[:, memory_channels].t().contiguous()
        )
        self.register_buffer("energy", attention.v.linear_layer.weight.clone())
        self.location = location_filters(attention.location_layer)

        columns = torch.cat(
            [torch.arange(decoder.decoder_rnn_dim), int(decoder.decoder_rnn_dim) + memory_channels]
        )
        projection, gate = decoder.linear_projection.linear_layer, decoder.gate_layer.linear_layer
        self.register_buffer(
            "output", torch.cat([projection.weight, gate.weight])[:, columns].t().contiguous()
        )
        self.register_buffer("output_bias", torch.cat([projection.bias, gate.bias]))

    @property
    def state_sizes(self) -> dict[str, int | None]:
        """Width of each state (B, width); None for those as wide as the number of symbols."""
        return {
            "frames": self.mels * self.frames_per_step,
            "attention_hidden": self.attention_rnn.units,
            "attention_cell": self.attention_rnn.units,
            "decoder_hidden": self.decoder_rnn.units,
            "decoder_cell": self.decoder_rnn.units,
            "context": self.memory_channels,
            "weights": None,
            "weights_sum": None,
        }

    def keys(self, memory: Tensor) -> Tensor:
        """What the attention compares its query with: (B, S, E) to (B, A, S)."""
        return torch.matmul(memory, self.key).transpose(1, 2)

    def forward(
        self,
        dropout: Tensor,
        memory: Tensor,
        keys: Tensor,
        score_mask: Tensor,
        running: Tensor,
        steps: Tensor,
        frames: Tensor,
        attention_hidden: Tensor,
        attention_cell: Tensor,
        decoder_hidden: Tensor,
        decoder_cell: Tensor,
        context: Tensor,
        weights: Tensor,
        weights_sum: Tensor,
    ) -> tuple[Tensor, ...]:
        """Advance by one step.

        Args:
            dropout: (B, 2, P) float32, 1 where a prenet unit is kept and 0 where it is dropped.
            memory: (B, S, E).
            keys: (B, A, S).
            score_mask: (B, S), 0 at symbols and minus infinity after them.
            running: (B,) bool, rows whose gate has not fired.
            steps: (B,) int64, steps that each row has taken.
            frames: (B, r*M), the last step's output; zero at first.
            attention_hidden: (B, H), as attention_cell.
            attention_cell: (B, H).
            decoder_hidden: (B, H'), as decoder_cell.
            decoder_cell: (B, H').
            context: (B, E).
            weights: (B, S), where the last step looked.
            weights_sum: (B, S), where all steps looked.

        Returns:
            whether any row still runs (scalar bool), the gate's probability (B,), then all arguments from
            `running` on as they are after the step.
        """
        x = frames
        for layer in range(PRENET_LAYERS):
            x = torch.matmul(x, getattr(self, f"prenet_{layer}")).relu() * dropout[:, layer]
        attention_hidden, attention_cell = self.attention_rnn(
            torch.cat([x, context, attention_hidden], dim=1), attention_cell
        )
        query = torch.matmul(attention_hidden, self.query).unsqueeze(2)
        located = self.location(torch.stack([weights, weights_sum], dim=1))
        energies = torch.matmul(self.energy, (query + located + keys).tanh()).squeeze(1)
        weights = (energies + score_mask).softmax(dim=1)
        weights_sum = weights_sum + weights
        context = torch.matmul(weights.unsqueeze(1), memory).squeeze(1)
        decoder_hidden, decoder_cell = self.decoder_rnn(
            torch.cat([attention_hidden, context, decoder_hidden], dim=1), decoder_cell
        )
        output = torch.matmul(torch.cat([decoder_hidden, context], dim=1), self.output) + self.output_bias
        frames, gate = output[:, :-1], output[:, -1].sigmoid()
        running = running & (gate <= self.gate_threshold)
        steps = steps + running.to(torch.int64)
        state = (
            frames,
            attention_hidden,
            attention_cell,
            decoder_hidden,
            decoder_cell,
            context,
            weights,
            weights_sum,
        )
        return (running.any(), gate, running, steps, *state)


def location_filters(layer: Any) -> nn.Conv1d:
    """The filters over past attention and the linear layer after them (LocationLayer) as one convolution."""
    filters, dense = layer.location_conv.conv, layer.location_dense.linear_layer.weight
    merged = nn.Conv1d(2, dense.shape[0], filters.kernel_size[0], padding=filters.padding[0], bias=False)
    merged.weight.data = torch.einsum("af,fck->ack", dense.double(), filters.weight.double()).float()
    return merged


def require_supported(decoder: Any) -> None:
    """Refuse decoders that the step does not reproduce.

    Raises:
        UnsupportedCheckpointError: names the setting.
    """
    if len(decoder.prenet.layers) != PRENET_LAYERS:
        raise UnsupportedCheckpointError(
            f"prenet: expected {PRENET_LAYERS} layers, got {len(decoder.prenet.layers)}; not supported."
        )
    if not 0.0 <= decoder.prenet.p_dropout < 1.0:
        raise UnsupportedCheckpointError(
            f"prenet: expected a dropout probability from 0 to below 1, got {decoder.prenet.p_dropout}."
        )
    kernel = decoder.attention_layer.location_layer.location_conv.conv.kernel_size[0]
    if kernel % 2 == 0:
        raise UnsupportedCheckpointError(f"attention: expected location filters of odd size, got {kernel}.")
