"""Check that the partners named in a model's config exist, and that their tensors match.

The tensors exchanged with a partner are known to the code that calls it. That code is loaded here as in a
server, with the files of every version; binding a partner then gives the names of the tensors.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from ..concurrency import Network
from ..contract import TensorSpec
from ..errors import ArtifactError
from ..model_parameters import NEXT, VERSIONS_WITH
from ..orchestrators import LOADERS, loader
from .configs import ModelFolder, connects


def check_partners(folders: Sequence[ModelFolder]) -> list[str]:
    """Return the findings over all models and config variants, one line each."""
    models = {folder.name: folder for folder in folders if folder.config_path.name == "config.pbtxt"}
    return [
        f"{os.path.relpath(folder.config_path)}: {finding}"
        for folder in folders
        for finding in _check_folder(folder, models)
    ]


def _check_folder(folder: ModelFolder, models: Mapping[str, ModelFolder]) -> Iterator[str]:
    parameters = folder.parameters
    if folder.next is not None:
        yield from _check_exchange(NEXT, folder.next, ["transcript"], [], models)
    if parameters.has(VERSIONS_WITH) and parameters.text(VERSIONS_WITH) not in models:
        yield f"{VERSIONS_WITH}: names {parameters.text(VERSIONS_WITH)}, no such model in the repositories"
    partners = parameters.partners
    if not partners:
        return
    if loader(parameters) is None:
        known = "; ".join(", ".join(sorted(kind)) for kind in LOADERS)
        yield f"parameters: expected the partners of one kind of model ({known}), got {', '.join(partners)}"
        return
    for version in folder.versions:
        yield from _check_version(folder, version, models)


def _check_version(folder: ModelFolder, version: Path, models: Mapping[str, ModelFolder]) -> Iterator[str]:
    """Load one version; compare the tensors that it exchanges with its partners with their declarations."""
    keys = {model: key for key, model in folder.parameters.partners.items()}
    findings: list[str] = []
    given: dict[str, tuple[str, TensorSpec]] = {}  # by tensor: the partner that produces it

    def bind(model: str, inputs: Sequence[str], outputs: Sequence[str]) -> Network:
        findings.extend(_check_exchange(keys[model], model, inputs, outputs, models))
        if model in models:
            findings.extend(_check_passed_on(keys[model], models[model], given))
            given.update({name: (model, spec) for name, spec in models[model].outputs.items()})
        return _never_called

    load = loader(folder.parameters)
    try:
        if load is not None:
            load(version, folder.parameters, bind, ahead=False)
    except ArtifactError as error:
        findings.append(str(error).replace(f"{version}/", f"{version.name}/"))
    yield from findings


def _check_exchange(
    key: str,
    model: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    models: Mapping[str, ModelFolder],
) -> Iterator[str]:
    if model not in models:
        yield f"{key}: names {model}, no such model in the repositories"
        return
    if set(inputs) != models[model].inputs.keys():
        yield f"{key}: gives {model} {sorted(inputs)}, it takes {sorted(models[model].inputs)}"
    for output in outputs:
        if output not in models[model].outputs:
            yield f"{key}: asks {model} for '{output}', which it does not give"


def _check_passed_on(
    key: str, model: ModelFolder, given: Mapping[str, tuple[str, TensorSpec]]
) -> Iterator[str]:
    """Check that a tensor from one partner matches the input of the same name of another."""
    for name, declared in model.inputs.items():
        source, spec = given.get(name, ("", declared))
        if not connects(spec, declared):
            yield f"{key}: {model.name} takes '{name}' as {declared}, {source} gives {spec}"


def _never_called(*_: object) -> NoReturn:
    raise AssertionError("checks do not call models")
