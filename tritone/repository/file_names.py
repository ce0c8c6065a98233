"""Names of the files in a graph's version folder."""

from __future__ import annotations

from pathlib import Path

GRAPH = "model.onnx"
PLAN = "model.plan"  # TensorRT engine, made of the graph
PLAN_RECORD = f"{PLAN}.json"  # how the engine was made
WEIGHTS_SHA256 = "weights_sha256"  # entry of a graph's metadata: checksum of its data file


def weights_file(graph: Path) -> Path:
    """The data file of a graph, which holds weights that are too large for the graph's own file."""
    return graph.with_name(f"{graph.name}.data")
