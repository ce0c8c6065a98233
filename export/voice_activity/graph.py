"""Silero VAD's network for 16 kHz as one graph over any number of chunks.

The original takes one chunk of 32 ms a call. Here all chunks of a stretch go through the convolutions at once
and through one LSTM operator in order, so that a stretch is one call and its result is that of the original.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.onnx_graph import write_graph
from tritone.recognition.voice_activity import CHUNK_SAMPLES, CONTEXT_SAMPLES, STATE_SHAPE

_WINDOW = 256  # samples of a spectrum
_HOP = 128  # samples between spectra
_BINS = _WINDOW // 2 + 1
_UNITS = STATE_SHAPE[1]
_ENCODER = ((4, 1), (4, 2), (2, 2), (1, 1))  # frames and stride of its convolutions


class Convolution(nn.Module):
    """A convolution over the few frames of a chunk, written as one product for all chunks of a stretch.

    ONNX Runtime's convolution would run once per chunk, on four frames, at a fraction of the speed.

    Args:
        weight: (outputs, inputs, taps), as Conv1d has it.
        bias: (outputs,).
        frames: that it gets.
        stride: frames from one result to the next.
    """

    def __init__(self, weight: Tensor, bias: Tensor, frames: int, stride: int):
        super().__init__()
        self._taps = [slice(tap, tap + frames, stride) for tap in range(weight.shape[2])]
        self.weight = nn.Parameter(weight.permute(2, 1, 0).reshape(-1, weight.shape[0]).contiguous())
        self.bias = nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (B, frames, inputs), with zeros on both sides."""
        x = functional.pad(x, (0, 0, 1, 1))
        return torch.cat([x[:, taps] for taps in self._taps], dim=2) @ self.weight + self.bias


class VoiceActivity(nn.Module):
    """The probability of speech in every chunk of a stretch of samples.

    Args:
        arrays: weights by their names in silero-vad's `silero_vad_16k_sequence.onnx`; those of the LSTM as
            ONNX's operator has them: "W", "R" and "B".
    """

    def __init__(self, arrays: Mapping[str, Any]):
        super().__init__()
        weights = {name: torch.tensor(array) for name, array in arrays.items()}
        self.spectrum = nn.Parameter(weights["stft.forward_basis_buffer"][:, 0].T.contiguous())
        self.encoder = nn.ModuleList(
            Convolution(weights[f"encoder.{index}.weight"], weights[f"encoder.{index}.bias"], frames, stride)
            for index, (frames, stride) in enumerate(_ENCODER)
        )
        self.memory = nn.LSTM(_UNITS, _UNITS, batch_first=True)
        of_inputs, of_outputs = weights["B"][0].chunk(2)
        self.memory.load_state_dict(
            {
                "weight_ih_l0": _as_torch(weights["W"][0]),
                "weight_hh_l0": _as_torch(weights["R"][0]),
                "bias_ih_l0": _as_torch(of_inputs),
                "bias_hh_l0": _as_torch(of_outputs),
            }
        )
        self.speech = nn.Parameter(weights["output.weight"][0])
        self.offset = nn.Parameter(weights["output.bias"])

    def forward(self, audio: Tensor, context: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Continue from where the previous stretch ended.

        Args:
            audio: (B, N) samples, 16 kHz in [-1, 1]; a last incomplete chunk counts as followed by zeros.
            context: (B, 64) samples before them, zeros at the start of a recording.
            state: (B, 2, 128) of the LSTM after them (output, cell), zeros at the start of a recording.

        Returns:
            Probabilities (B, C) of speech in each chunk, and context and state for the next stretch.
        """
        rows = audio.shape[0]
        padded = functional.pad(audio, (0, -audio.shape[1] % CHUNK_SAMPLES))
        chunks = padded.reshape(rows, -1, CHUNK_SAMPLES)
        tails = chunks[:, :, -CONTEXT_SAMPLES:]
        before = torch.cat([context[:, None], tails[:, :-1]], dim=1)
        x = torch.cat([before, chunks], dim=2).reshape(-1, CONTEXT_SAMPLES + CHUNK_SAMPLES)
        x = torch.cat([x, x[:, -CONTEXT_SAMPLES - 1 : -1].flip(1)], dim=1)
        windows = [x[:, start : start + _WINDOW] for start in range(0, CHUNK_SAMPLES, _HOP)]
        x = torch.stack(windows, dim=1) @ self.spectrum
        x = (x[:, :, :_BINS] ** 2 + x[:, :, _BINS:] ** 2).sqrt()
        for convolution in self.encoder:
            x = convolution(x).relu()
        output, cell = (state[:, index][None].contiguous() for index in (0, 1))
        x, (output, cell) = self.memory(x.reshape(rows, -1, _UNITS), (output, cell))
        x = (x.relu() @ self.speech + self.offset).sigmoid()[:, :, 0]
        return x, tails[:, -1], torch.stack([output[0], cell[0]], dim=1)


def _as_torch(gates: Tensor) -> Tensor:
    """Reorder the gates of an LSTM from ONNX's order (input, output, forget, cell) to torch's."""
    in_, out, forget, cell = gates.chunk(4)
    return torch.cat([in_, forget, cell, out])


def write_voice_activity(weights: Mapping[str, Any], path: Path) -> None:
    """Write the graph with the weights of silero-vad."""
    beginning = (torch.zeros(2, CONTEXT_SAMPLES), torch.zeros(2, *STATE_SHAPE))
    example = (torch.randn(2, 3 * CHUNK_SAMPLES), *beginning)
    write_graph(
        VoiceActivity(weights),
        example,
        path,
        inputs={"audio": ("B", "N"), "context": ("B", CONTEXT_SAMPLES), "state": ("B", *STATE_SHAPE)},
        outputs={
            "speech_probability": ("B", "chunks"),
            "next_context": ("B", CONTEXT_SAMPLES),
            "next_state": ("B", *STATE_SHAPE),
        },
    )
