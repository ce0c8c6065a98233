"""Writing a torch module as an ONNX graph, and running one."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch

from export.graph_file import LARGEST_BYTES, save_graph

OPSET = (
    17  # LayerNormalization is one operator from here on, and every ONNX Runtime and TensorRT in use has it
)


def write_graph(
    module: torch.nn.Module,
    example: Sequence[torch.Tensor],
    path: Path,
    inputs: Mapping[str, Sequence[str | int]],
    outputs: Mapping[str, Sequence[str | int]],
    largest: int = LARGEST_BYTES,
) -> None:
    """Trace `module` and write it to `path`; weights that are too large go into a data file beside it.

    Args:
        module: in eval mode; takes the inputs in order and returns the outputs in order.
        example: one tensor per input; named axes stay dynamic.
        path: file to write.
        inputs: name to axes; a dynamic axis is a name, a fixed one a number.
        outputs: the same for the outputs.
        largest: bytes of weights that the graph's file may hold.
    """
    free_axes = {
        name: {index: axis for index, axis in enumerate(axes) if isinstance(axis, str)}
        for name, axes in {**inputs, **outputs}.items()
    }
    # Above 2 GiB torch writes a file for every tensor beside the graph.
    with tempfile.TemporaryDirectory(prefix=".traced-", dir=path.parent) as folder:
        traced = Path(folder) / path.name
        with torch.no_grad(), warnings.catch_warnings():
            # The tracer warns about every Python branch; the verification shows them to be harmless.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module.eval(),
                tuple(example),
                str(traced),
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_axes=free_axes,
                opset_version=OPSET,
                dynamo=False,
            )
        graph = onnx.load(str(traced))
    set_output_axes(graph, outputs)
    save_graph(graph, path, largest)


def declare_outputs(path: Path, outputs: Mapping[str, Sequence[str | int]]) -> None:
    """Set the name or size of every output axis of a graph's file; the tracer knows only some of them."""
    graph = onnx.load(str(path))
    set_output_axes(graph, outputs)
    save_graph(graph, path)


def set_output_axes(model: onnx.ModelProto, outputs: Mapping[str, Sequence[str | int]]) -> None:
    """Set the name or size of every output axis."""
    for value in model.graph.output:
        shape = value.type.tensor_type.shape
        for dimension, axis in zip(shape.dim, outputs[value.name], strict=True):
            dimension.Clear()
            if isinstance(axis, str):
                dimension.dim_param = axis
            else:
                dimension.dim_value = axis


class Graph:
    """An ONNX graph on the CPU, called with named arrays; uses as many threads as torch."""

    def __init__(self, path: Path):
        options = ort.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.output_names = [output.name for output in self.session.get_outputs()]

    def __call__(self, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """Run once; the keyword names are the graph's input names."""
        return dict(zip(self.output_names, self.session.run(None, arrays), strict=True))
