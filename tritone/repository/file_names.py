"""Names of the files in a graph's version folder."""

from __future__ import annotations

GRAPH = "model.onnx"
PLAN = "model.plan"  # TensorRT engine, made of the graph
PLAN_RECORD = f"{PLAN}.json"  # how the engine was made
