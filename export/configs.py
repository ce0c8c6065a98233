"""Update the dimensions that a checkpoint decides in the hand-written configs, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx

from export.errors import InstallError, VersionError
from export.installation import other_versions
from export.whole_file import write_whole

Dims = Mapping[str, tuple[int, ...]]
"""Dimensions by tensor name, without the batch; -1 keeps the config's value."""

_WARM_UP = r'(key: "{}"[^{{}}]*value: {{[^{{}}]*dims: \[)([^\]]*)(\])'


@dataclass(frozen=True)
class WarmUpRatio:
    """The length of one warm-up tensor relative to another's, along their last axes."""

    counted: str  #: tensor whose length the config chooses
    needed: str  #: tensor whose length depends on it
    times: int  #: its length per length of the other


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


def without_tensor(text: str, tensor: str) -> str:
    """Return a config.pbtxt without an input of that name, in its warm-up requests too."""
    text = re.sub(rf'input {{\n  name: "{tensor}"\n(?:  .*\n)*?}}\n', "", text)
    return re.sub(rf'  inputs {{\n    key: "{tensor}"\n(?:    .*\n)*?  }}\n', "", text)


def fitted_configs(
    repository: Path, dims_by_model: Mapping[str, Dims], ratios: Mapping[str, WarmUpRatio] | None = None
) -> dict[Path, str]:
    """Return the new text of every config of the models, variants included, that must change.

    Args:
        repository: model repository.
        dims_by_model: of inputs, outputs and warm-up tensors.
        ratios: by model, between the lengths of its warm-up tensors.
    """
    fitted = {}
    for model, dims in dims_by_model.items():
        for path in (
            repository / model / "config.pbtxt",
            *sorted((repository / model).glob("configs/*.pbtxt*")),
        ):
            if not path.is_file():
                continue
            text = path.read_text(encoding="utf-8")
            new = fit_dims(text, dims)
            if ratios and model in ratios:
                new = _with_ratio(new, ratios[model])
            if new != text:
                fitted[path] = new
    return fitted


def fit_configs(
    repository: Path, dims_by_model: Mapping[str, Dims], ratios: Mapping[str, WarmUpRatio] | None = None
) -> list[Path]:
    """Fit the configs of the models, as `fitted_configs` does; return those that had to change."""
    fitted = fitted_configs(repository, dims_by_model, ratios)
    write_configs(fitted)
    return list(fitted)


def require_one_interface(fitted: Mapping[Path, str], repository: Path, version: int) -> None:
    """Refuse dims for one version of a model that differ from those of its other versions.

    Args:
        fitted: new texts of configs.
        repository: model repository.
        version: version folder to be written.

    Raises:
        VersionError: names the config, both dims and the remedy.
    """
    for path, text in fitted.items():
        model = repository / path.relative_to(repository).parts[0]
        others = other_versions(repository, [model.name], version)
        if others:
            lines = zip(path.read_text(encoding="utf-8").splitlines(), text.splitlines(), strict=True)
            (here, wanted), *_ = [(old.strip(), new.strip()) for old, new in lines if old != new]
            raise VersionError(
                f"{model.name}: expected version {version} to have the dims of version "
                f"{', '.join(map(str, others))} beside it, `{here}`, got `{wanted}`; one config applies to "
                "all versions of a model. Export it as the only version in a copy of this tree, and deploy "
                "it with `make deploy`, which moves all traffic at once and can be rolled back."
            )


def require_inputs(repository: Path, graphs: Mapping[str, Path]) -> None:
    """Refuse graphs that take other inputs than the configs that are there for them.

    Args:
        repository: model repository.
        graphs: new graph by model; a model without a config is left out.

    Raises:
        InstallError: names the model, both lists of inputs and the remedy.
    """
    from tritone.repository.configs import read_config  # the registry is read without protobuf

    for model, path in graphs.items():
        config = repository / model / "config.pbtxt"
        if not config.is_file():
            continue
        declared = sorted(tensor.name for tensor in read_config(config).input)
        taken = sorted(tensor.name for tensor in onnx.load(str(path), load_external_data=False).graph.input)
        if declared != taken:
            raise InstallError(
                f"{model}: expected a checkpoint with the inputs of its config, {', '.join(declared)}, got "
                f"one with {', '.join(taken)}; choose another NAME, or remove that set first."
            )


def write_configs(fitted: Mapping[Path, str]) -> None:
    """Write new texts of configs, each atomically."""
    for path, text in fitted.items():
        write_whole(path, text.encode())


def _with_ratio(text: str, ratio: WarmUpRatio) -> str:
    """Return a config in whose warm-ups the dependent tensor has the length that the other one needs."""
    lengths = iter([_numbers(found[2])[-1] for found in re.finditer(_WARM_UP.format(ratio.counted), text)])

    def fitted(found: re.Match[str]) -> str:
        return _fitted(found, (*_numbers(found[2])[:-1], next(lengths) * ratio.times))

    return re.sub(_WARM_UP.format(ratio.needed), fitted, text)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _fitted(found: re.Match[str], wanted: tuple[int, ...]) -> str:
    new = [dim if dim != -1 else kept for dim, kept in zip(wanted, _numbers(found[2]), strict=True)]
    return f"{found[1]} {', '.join(map(str, new))} {found[3]}"
