"""Fit the dimensions that a checkpoint decides into the hand-written configs, leaving all else as it is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import onnx

Dims = Mapping[str, tuple[int, ...]]
"""Dimensions by tensor name, without the batch; -1 where the config's own are kept."""


def graph_dims(path: Path) -> Dims:
    """Read from a graph which dimensions of its inputs and outputs are fixed."""
    graph = onnx.load(str(path), load_external_data=False).graph
    return {
        tensor.name: tuple(dim.dim_value or -1 for dim in tensor.type.tensor_type.shape.dim[1:])
        for tensor in (*graph.input, *graph.output)
    }


def fit_dims(text: str, dims: Dims, field: str = "name|key") -> str:
    """Return a config.pbtxt with the fixed dimensions of some tensors replaced.

    Inputs and outputs are found by `name`, warm-up tensors by `key`. Comments and layout stay.
    """
    for tensor, wanted in dims.items():
        pattern = rf'((?:{field}): "{tensor}"[^{{}}]*(?:value: {{[^{{}}]*)?dims: \[)([^\]]*)(\])'
        text = re.sub(pattern, lambda found, wanted=wanted: _fitted(found, wanted), text)  # type: ignore[misc]
    return text


def fit_configs(
    repository: Path, dims_by_model: Mapping[str, Dims], warm_up: Mapping[str, Dims] | None = None
) -> list[Path]:
    """Fit every config of the models, variants included; return those that had to change.

    Args:
        repository: model repository.
        dims_by_model: of inputs, outputs and warm-up tensors.
        warm_up: of warm-up tensors alone, above those.
    """
    changed = []
    for model, dims in dims_by_model.items():
        for path in (
            repository / model / "config.pbtxt",
            *sorted((repository / model).glob("configs/*.pbtxt")),
        ):
            if not path.is_file():
                continue
            text = path.read_text(encoding="utf-8")
            fitted = fit_dims(fit_dims(text, dims), (warm_up or {}).get(model, {}), "key")
            if fitted != text:
                draft = path.with_name(f".{path.name}.new")
                draft.write_text(fitted, encoding="utf-8")
                os.replace(draft, path)
                changed.append(path)
    return changed


def _fitted(found: re.Match[str], wanted: tuple[int, ...]) -> str:
    old = [int(number) for number in found[2].split(",")]
    new = [dim if dim != -1 else kept for dim, kept in zip(wanted, old, strict=True)]
    return f"{found[1]} {', '.join(map(str, new))} {found[3]}"
