"""Writing a torch module as an ONNX graph, and running one."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch

from export.errors import UnsupportedCheckpointError

OPSET = (
    17  # LayerNormalization is one operator from here on, and every ONNX Runtime and TensorRT in use has it
)

LARGEST_BYTES = 2**31 - 2**24  # protobuf ends at 2 GiB; the rest is for the graph itself


def write_graph(
    module: torch.nn.Module,
    example: Sequence[torch.Tensor],
    path: Path,
    inputs: Mapping[str, Sequence[str | int]],
    outputs: Mapping[str, Sequence[str | int]],
) -> None:
    """Trace `module` and write it to `path` as one self-contained file.

    Args:
        module: in eval mode; takes the inputs in order and returns the outputs in order.
        example: one tensor per input; named axes stay dynamic.
        path: file to write.
        inputs: name to axes; a dynamic axis is a name, a fixed one a number.
        outputs: the same for the outputs.
    """
    size = sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())
    if size > LARGEST_BYTES:
        raise UnsupportedCheckpointError(
            f"{path.parent.name}: expected weights of at most {LARGEST_BYTES / 2**30:.1f} GiB, the size of "
            f"one ONNX file, got {size / 2**30:.1f} GiB; no exporter writes larger ones yet."
        )
    free_axes = {
        name: {index: axis for index, axis in enumerate(axes) if isinstance(axis, str)}
        for name, axes in {**inputs, **outputs}.items()
    }
    with torch.no_grad(), warnings.catch_warnings():
        # The tracer warns about every Python branch; the verification afterwards shows them to be harmless.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            tuple(example),
            str(path),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=free_axes,
            opset_version=OPSET,
            dynamo=False,
            external_data=False,
        )
    declare_outputs(path, outputs)


def declare_outputs(path: Path, outputs: Mapping[str, Sequence[str | int]]) -> None:
    """Set the name or size of every output axis; the tracer knows only some of them."""
    graph = onnx.load(str(path))
    for value in graph.graph.output:
        shape = value.type.tensor_type.shape
        for dimension, axis in zip(shape.dim, outputs[value.name], strict=True):
            dimension.Clear()
            if isinstance(axis, str):
                dimension.dim_param = axis
            else:
                dimension.dim_value = axis
    onnx.checker.check_model(graph)
    onnx.save(graph, str(path))


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
