"""Tacotron 2 as one ONNX graph: encoder, a Loop around the decoder's step, postnet."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, compose, helper, numpy_helper
from torch import Tensor, nn

from export.families.tacotron2.decoder import PRENET_LAYERS, DecoderStep
from export.families.tacotron2.encoder import Encoder
from export.families.tacotron2.postnet import Postnet
from export.onnx_graph import declare_outputs, write_graph

CAPTURED = ("memory", "keys", "score_mask")  # read by every step, changed by none
CARRIED = ("running", "steps")  # before the states of DecoderStep
STACKED = {
    "frames_next": "step_frames",
    "gate_probability": "step_gate",
    "weights_next": "step_alignment",
}
"""Outputs of each step that are stacked for the postnet, by their stacks' names."""


class Prologue(nn.Module):
    """Everything that is computed before the first step."""

    def __init__(self, encoder: Encoder, step: DecoderStep):
        super().__init__()
        self.encoder = encoder
        self.step = step

    def forward(self, symbols: Tensor, symbols_length: Tensor) -> tuple[Tensor, ...]:
        """Return the loop's captured tensors, then its initial states."""
        length = symbols_length.clamp(min=0).minimum(torch.tensor(symbols.shape[1]))
        memory = self.encoder(symbols, length)
        # An empty row attends to its first position: a softmax over nothing would be NaN.
        hidden = torch.arange(symbols.shape[1]).unsqueeze(0) >= length.clamp(min=1)
        score_mask = torch.where(hidden, -torch.inf, 0.0)
        rows = memory[:, 0, :1] * 0.0
        states = [
            torch.zeros_like(score_mask) if width is None else rows.repeat(1, width)
            for width in self.step.state_sizes.values()
        ]
        running = length.squeeze(1) > 0
        return (
            memory,
            self.step.keys(memory),
            score_mask,
            running,
            torch.zeros_like(length.squeeze(1)),
            *states,
        )


def write_tacotron2(encoder: Encoder, step: DecoderStep, postnet: Postnet, path: Path) -> None:
    """Write the graph.

    Inputs are symbols (B, S) int64, symbols_length (B, 1) int64 and dropout (B, L, 2, P) float32, which holds
    1 where a prenet unit is kept and 0 where it is dropped. The loop ends when the gate of every row has
    fired, or after L steps. Outputs are those of Postnet.
    """
    with tempfile.TemporaryDirectory() as folder:
        parts = [
            part.traced(Path(folder))
            for part in (prologue_part(encoder, step), step_part(encoder, step), postnet_part(step, postnet))
        ]
    before, body, after = (part.graph for part in parts)
    loop = loop_nodes(body, list(step.state_sizes))
    graph = helper.make_graph(
        [*before.node, *loop, *after.node],
        "tacotron2",
        [
            value("symbols", TensorProto.INT64, ("B", "S")),
            value("symbols_length", TensorProto.INT64, ("B", 1)),
            value("dropout", TensorProto.FLOAT, ("B", "L", PRENET_LAYERS, step.prenet_units)),
        ],
        list(after.output),
        # The step's weights are outside the loop: ONNX Runtime packs them once, and quantisers find them.
        [*before.initializer, *body.initializer, *after.initializer, *constants()],
    )
    like = parts[0]
    model = helper.make_model(graph, opset_imports=like.opset_import, ir_version=like.ir_version)
    onnx.save(model, str(path))
    declare_outputs(path, finished_axes(postnet))


Axes = Sequence[str | int]
"""Per axis a name if it is dynamic, its size if it is fixed."""


@dataclass(frozen=True)
class Part:
    """One of the three graphs that are traced and then joined."""

    name: str  #: prefix of its internal names
    module: nn.Module
    inputs: Mapping[str, tuple[Tensor, Axes]]  #: an example of each, and its axes
    outputs: Mapping[str, Axes]

    def traced(self, folder: Path) -> onnx.ModelProto:
        """The graph, by way of a file in `folder`."""
        path = folder / f"{self.name}.onnx"
        write_graph(
            self.module,
            [example for example, _ in self.inputs.values()],
            path,
            inputs={name: axes for name, (_, axes) in self.inputs.items()},
            outputs=self.outputs,
        )
        return compose.add_prefix(
            onnx.load(str(path)), f"{self.name}/", rename_inputs=False, rename_outputs=False
        )


def prologue_part(encoder: Encoder, step: DecoderStep) -> Part:
    """The graph before the loop."""
    symbols = torch.zeros(2, 5, dtype=torch.int64)
    inputs: dict[str, tuple[Tensor, Axes]] = {
        "symbols": (symbols, ("B", "S")),
        "symbols_length": (torch.tensor([[5], [3]]), ("B", 1)),
    }
    outputs: dict[str, Axes] = {
        "memory": ("B", "S", encoder.channels),
        "keys": ("B", step.key.shape[1], "S"),
        "score_mask": ("B", "S"),
        "running_0": ("B",),
        "steps_0": ("B",),
    }
    outputs |= {f"{name}_0": ("B", width or "S") for name, width in step.state_sizes.items()}
    return Part("encoder", Prologue(encoder, step), inputs, outputs)


def step_part(encoder: Encoder, step: DecoderStep) -> Part:
    """The graph inside the loop."""
    rows, symbols = 2, 5
    inputs: dict[str, tuple[Tensor, Axes]] = {
        "step_dropout": (
            torch.ones(rows, PRENET_LAYERS, step.prenet_units),
            ("B", PRENET_LAYERS, step.prenet_units),
        ),
        "memory": (torch.zeros(rows, symbols, encoder.channels), ("B", "S", encoder.channels)),
        "keys": (torch.zeros(rows, step.key.shape[1], symbols), ("B", step.key.shape[1], "S")),
        "score_mask": (torch.zeros(rows, symbols), ("B", "S")),
        "running": (torch.ones(rows, dtype=torch.bool), ("B",)),
        "steps": (torch.zeros(rows, dtype=torch.int64), ("B",)),
    }
    for name, width in step.state_sizes.items():
        inputs[name] = (torch.zeros(rows, width or symbols), ("B", width or "S"))
    carried = {f"{name}_next": inputs[name][1] for name in (*CARRIED, *step.state_sizes)}
    outputs: dict[str, Axes] = {"any_running": (), "gate_probability": ("B",), **carried}
    return Part("step", step, inputs, outputs)


def postnet_part(step: DecoderStep, postnet: Postnet) -> Part:
    """The graph after the loop."""
    rows, symbols, steps = 2, 5, 4
    width = step.mels * step.frames_per_step
    inputs: dict[str, tuple[Tensor, Axes]] = {
        "steps_kept": (torch.tensor([4, 3]), ("B",)),
        "symbols_length": (torch.tensor([[5], [3]]), ("B", 1)),
        "step_frames": (torch.zeros(steps, rows, width), ("L", "B", width)),
        "step_gate": (torch.zeros(steps, rows), ("L", "B")),
        "step_alignment": (torch.zeros(steps, rows, symbols), ("L", "B", "S")),
    }
    return Part("postnet", postnet, inputs, finished_axes(postnet))


def finished_axes(postnet: Postnet) -> dict[str, Axes]:
    """The outputs of the joined graph."""
    return {
        "mel": ("B", postnet.mels, "T"),
        "mel_length": ("B", 1),
        "alignment": ("B", "steps", "S"),
        "gate": ("B", "steps"),
    }


def loop_nodes(body: onnx.GraphProto, states: Sequence[str]) -> list[onnx.NodeProto]:
    """The Loop around the step, and its maximum number of iterations."""
    inner = helper.make_graph(
        [
            helper.make_node("Gather", ["dropout", "step"], ["step_dropout"], name="step/dropout", axis=1),
            *body.node,
            *(helper.make_node("Identity", [name], [f"{name}_stacked"]) for name in STACKED),
        ],
        "step",
        [
            value("step", TensorProto.INT64, ()),
            value("go_on", TensorProto.BOOL, ()),
            *(tensor for tensor in body.input if tensor.name not in (*CAPTURED, "step_dropout")),
        ],
        [
            *(tensor for tensor in body.output if tensor.name != "gate_probability"),
            *(value(f"{name}_stacked", TensorProto.FLOAT, None) for name in STACKED),
        ],
    )
    carried = [*CARRIED, *states]
    return [
        helper.make_node("Shape", ["dropout"], ["dropout_shape"], name="dropout_shape"),
        helper.make_node(
            "Gather", ["dropout_shape", "steps_axis"], ["most_steps"], name="most_steps", axis=0
        ),
        helper.make_node(
            "Loop",
            ["most_steps", "always", *(f"{name}_0" for name in carried)],
            ["running_last", "steps_kept", *(f"{name}_last" for name in states), *STACKED.values()],
            name="decoder",
            body=inner,
        ),
    ]


def constants() -> list[TensorProto]:
    """Constants of the nodes around the loop."""
    return [
        numpy_helper.from_array(torch.tensor(1).numpy(), "steps_axis"),
        numpy_helper.from_array(torch.tensor(True).numpy(), "always"),
    ]


def value(name: str, kind: int, axes: Sequence[str | int] | None) -> onnx.ValueInfoProto:
    """A tensor's declaration."""
    return helper.make_tensor_value_info(name, kind, axes)
