"""The models that a model's config names as those that it calls."""

from __future__ import annotations

from pathlib import Path

from export.errors import InstallError
from tritone.errors import ArtifactError
from tritone.model_parameters import Parameters


def partner(config: Path, parameter: str) -> str:
    """The model that a parameter of a config names.

    Raises:
        InstallError: there is no such config, or it names none.
    """
    from tritone.repository.configs import read_config  # the registry is read without protobuf

    try:
        return Parameters.of(read_config(config)).name(parameter)
    except (ArtifactError, OSError) as error:
        raise InstallError(f"{error} A set of models is made after it.") from error


def require_partner(config: Path, parameter: str, model: str) -> None:
    """Refuse a model for a set that already calls another one; a set that does not exist yet is free.

    Raises:
        InstallError: names both.
    """
    if config.is_file() and (found := partner(config, parameter)) != model:
        raise InstallError(
            f"{config.parent.name}: expected a set with {parameter} {model}, got {found}; choose another "
            "NAME, or remove that set first."
        )
