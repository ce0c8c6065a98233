"""The attention of Tacotron 2 over all steps of a batch, with a backward pass written by hand.

Automatic differentiation would add up the gradients of every weight after every step. Here the backward loop
carries only what the step before needs; the weights' gradients are one multiplication over all steps.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def _windows(weights: Tensor, total: Tensor, kernel: int) -> Tensor:
    """Return (N, 2 K): the location filters' inputs at every symbol of (B, S) weights."""
    side = (kernel - 1) // 2
    seen = functional.pad(torch.stack((weights, total), 1), (side, side))
    return seen.unfold(2, kernel, 1).transpose(1, 2).reshape(weights.numel(), 2 * kernel)


def _overlapped(windows: Tensor, batch: int, symbols: int) -> Tensor:
    """Add up (N, 2 K) gradients of `_windows`; returns (B, 2, S)."""
    kernel = windows.shape[1] // 2
    side = (kernel - 1) // 2
    reach = symbols + kernel - 1
    rows = windows.new_zeros(batch * 2, symbols * (reach + 1))
    # Row s of every table begins s columns later, so that a sum over the rows adds what overlaps.
    shifted = rows.as_strided((batch, 2, symbols, kernel), (2 * rows.shape[1], rows.shape[1], reach + 1, 1))
    shifted.copy_(windows.view(batch, symbols, 2, kernel).transpose(1, 2))
    table = rows[:, : symbols * reach].view(batch, 2, symbols, reach)
    return table.sum(2)[:, :, side : side + symbols]


class AttentionLoop(torch.autograd.Function):
    """Attention LSTM and location-sensitive attention (Chorowski et al. 2015, arXiv 1506.07503).

    `apply` takes `inputs` (T, B, 4 A), the share of the LSTM's gates that the prenet gives; `recurrent`
    (E + A, 4 A), the weights of context and hidden state; `memory` (B, S, E); `keys` (B, S, D);
    `query_weight` (A, D); `location_weight` (2 K, D); `energy_weight` (D, 1); and `outside` (B, S), -inf
    outside the utterance and 0 inside. It returns states (T, B, A + E), hidden states and contexts, and
    alignment (T, B, S).
    """

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        recurrent: Tensor,
        memory: Tensor,
        keys: Tensor,
        query_weight: Tensor,
        location_weight: Tensor,
        energy_weight: Tensor,
        outside: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Run all steps."""
        steps, batch, _ = inputs.shape
        _, symbols, width = memory.shape
        units, kernel = query_weight.shape[0], location_weight.shape[0] // 2
        new = inputs.new_empty
        before = new(steps, batch, width + units)  # context and hidden state before each step
        gates = new(steps, batch, 4 * units)
        cells = inputs.new_zeros(steps + 1, batch, units)
        squashed = new(steps, batch, units)  # tanh of the cells
        features = new(steps, batch, symbols, keys.shape[2])  # tanh in the energies
        totals = inputs.new_zeros(steps + 1, batch, symbols)
        alignment = new(steps, batch, symbols)
        states = new(steps, batch, units + width)
        hidden, context = inputs.new_zeros(batch, units), inputs.new_zeros(batch, width)
        weights = totals[0]
        for t in range(steps):
            torch.cat((context, hidden), 1, out=before[t])
            g = torch.addmm(inputs[t], before[t], recurrent, out=gates[t])
            g[:, : 2 * units].sigmoid_()
            g[:, 2 * units : 3 * units].tanh_()
            g[:, 3 * units :].sigmoid_()
            i, f, new_cell, o = g.chunk(4, 1)
            torch.addcmul(f * cells[t], i, new_cell, out=cells[t + 1])
            torch.tanh(cells[t + 1], out=squashed[t])
            hidden = o * squashed[t]
            sums = torch.mm(_windows(weights, totals[t], kernel), location_weight).view(features[t].shape)
            sums += torch.mm(hidden, query_weight)[:, None]
            sums += keys
            torch.tanh(sums, out=features[t])
            energy = torch.mv(features[t].view(batch * symbols, -1), energy_weight[:, 0])
            torch.softmax(energy.view(batch, symbols) + outside, 1, out=alignment[t])
            weights = alignment[t]
            torch.add(totals[t], weights, out=totals[t + 1])
            context = torch.bmm(weights[:, None], memory)[:, 0]
            torch.cat((hidden, context), 1, out=states[t])
        ctx.save_for_backward(
            recurrent, memory, query_weight, location_weight, energy_weight, alignment, states
        )
        ctx.kept = before, gates, cells, squashed, features, totals
        return states, alignment

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Run all steps backwards."""
        states_gradient, alignment_gradient = gradients
        recurrent, memory, query_weight, location_weight, energy_weight, alignment, states = ctx.saved_tensors
        before, gates, cells, squashed, features, totals = ctx.kept
        steps, batch, symbols = alignment.shape
        units, width = query_weight.shape[0], memory.shape[2]
        kernel = location_weight.shape[0] // 2
        contexts = torch.empty_like(states[..., units:])
        queries = states.new_empty(steps, batch, query_weight.shape[1])
        energies = torch.empty_like(alignment)
        sums = torch.empty_like(features)
        gate_gradient = torch.empty_like(gates)
        from_next = states.new_zeros(batch, width + units)  # to context and hidden state
        cell = states.new_zeros(batch, units)
        to_weights = states.new_zeros(batch, symbols)
        to_total = states.new_zeros(batch, symbols)
        for t in reversed(range(steps)):
            torch.add(states_gradient[t, :, units:], from_next[:, :width], out=contexts[t])
            weight = alignment_gradient[t] + to_weights
            weight += to_total
            weight += torch.bmm(memory, contexts[t][:, :, None])[:, :, 0]
            weight -= (weight * alignment[t]).sum(1, keepdim=True)
            torch.mul(weight, alignment[t], out=energies[t])
            torch.mul(features[t], features[t], out=sums[t]).neg_().add_(1)
            sums[t].mul_(energy_weight[:, 0]).mul_(energies[t][:, :, None])
            torch.sum(sums[t], 1, out=queries[t])
            flat = sums[t].view(batch * symbols, -1)
            seen = _overlapped(torch.mm(flat, location_weight.t()), batch, symbols)
            to_weights = seen[:, 0]
            to_total = to_total + seen[:, 1]

            hidden = states_gradient[t, :, :units] + from_next[:, width:]
            hidden.addmm_(queries[t], query_weight.t())
            i, f, new_cell, o = gates[t].chunk(4, 1)
            to_i, to_f, to_new, to_o = gate_gradient[t].chunk(4, 1)
            torch.mul(hidden * squashed[t], o * (1 - o), out=to_o)
            cell = cell + hidden * o * (1 - squashed[t] * squashed[t])
            torch.mul(cell * new_cell, i * (1 - i), out=to_i)
            torch.mul(cell * cells[t], f * (1 - f), out=to_f)
            torch.mul(cell * i, 1 - new_cell * new_cell, out=to_new)
            cell = cell * f
            from_next = torch.mm(gate_gradient[t], recurrent.t())

        rows = sums.view(-1, sums.shape[-1])
        earlier = torch.cat((torch.zeros_like(alignment[:1]), alignment[:-1]))
        windows = _windows(earlier.view(-1, symbols), totals[:-1].reshape(-1, symbols), kernel)
        return (
            gate_gradient,
            torch.mm(before.flatten(0, 1).t(), gate_gradient.flatten(0, 1)),
            torch.bmm(alignment.permute(1, 2, 0), contexts.transpose(0, 1)),
            sums.sum(0),
            torch.mm(states[..., :units].flatten(0, 1).t(), queries.flatten(0, 1)),
            torch.mm(windows.t(), rows),
            torch.mv(features.view(-1, features.shape[-1]).t(), energies.flatten())[:, None],
            None,
        )
