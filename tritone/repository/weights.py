"""Check the data files of graphs whose weights do not fit into the graph's own file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import onnx
from onnx.external_data_helper import ExternalDataInfo, uses_external_data

from .checksums import file_sha256
from .configs import ModelFolder
from .file_names import WEIGHTS_SHA256, weights_file

_EXPORT = "run `make export`"


def check_weights(folders: Sequence[ModelFolder]) -> list[str]:
    """Return the findings over all graphs, one line each."""
    versions = {version: None for folder in folders for version in folder.versions}
    return [
        f"{os.path.relpath(path)}: {finding}"
        for version in versions
        for path in sorted(version.glob("*.onnx"))
        for finding in _check_graph(path)
    ]


def _check_graph(path: Path) -> Iterator[str]:
    model = onnx.load(str(path), load_external_data=False)
    data = weights_file(path)
    parts = [ExternalDataInfo(tensor) for tensor in model.graph.initializer if uses_external_data(tensor)]
    if not parts:
        if data.exists():
            yield f"{data.name}: expected none beside a graph that holds its weights; remove it"
        return
    others = sorted({part.location for part in parts} - {data.name})
    if others:
        yield f"weights: expected all of them in {data.name}, found some in {others[0]}; {_EXPORT}"
    elif not data.is_file():
        yield f"{data.name}: expected the graph's weights, found none; {_EXPORT}"
    else:
        expected = {entry.key: entry.value for entry in model.metadata_props}.get(WEIGHTS_SHA256)
        if expected is not None and file_sha256(data) != expected:
            yield f"{data.name}: expected the weights of this graph, got others or a part of them; {_EXPORT}"
