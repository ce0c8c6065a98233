"""The files of an ONNX graph: one, or a second one with the weights where they exceed protobuf's 2 GiB."""

from __future__ import annotations

from pathlib import Path

import onnx

from tritone.repository.checksums import file_sha256
from tritone.repository.file_names import WEIGHTS_SHA256, weights_file

LARGEST_BYTES = 2**31 - 2**24  # of weights in the graph's file; the rest is for the graph itself
SMALLEST_BYTES = 1024  # smaller tensors stay in the graph's file, where shape inference can read them


def save_graph(model: onnx.ModelProto, path: Path, largest: int = LARGEST_BYTES) -> None:
    """Check a graph and write it: to `path`, and weights of more than `largest` bytes to `path`.data.

    The graph's metadata then has the SHA-256 of the data file, so the checksum of the graph's file covers the
    weights too.

    Args:
        model: with all weights in memory; they are no longer in it after they were written to a data file.
        path: the graph's file; it and its data file are replaced.
        largest: bytes of weights that the graph's file may hold.
    """
    weights = weights_file(path)
    weights.unlink(missing_ok=True)
    properties = {entry.key: entry.value for entry in model.metadata_props if entry.key != WEIGHTS_SHA256}
    if sum(len(tensor.raw_data) for tensor in model.graph.initializer) <= largest:
        onnx.helper.set_model_props(model, properties)
        onnx.checker.check_model(model)
        onnx.save(model, str(path))
        return
    onnx.save(
        model,
        str(path),
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location=weights.name,
        size_threshold=SMALLEST_BYTES,
    )
    onnx.helper.set_model_props(model, {**properties, WEIGHTS_SHA256: file_sha256(weights)})
    onnx.save(model, str(path))  # without the weights, which are in their file
    onnx.checker.check_model(str(path))
