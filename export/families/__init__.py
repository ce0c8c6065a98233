"""The model families, one package each, and the lookup by checkpoint or served model.

A family from another package is added with `register`, or as an entry point of the group `tritone.families`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.checkpoint import Checkpoint
from export.errors import EngineError, UnsupportedCheckpointError
from export.families.conformer.family import Conformer, ConformerHybrid, ConformerLetters
from export.families.fastpitch.family import FastPitch
from export.families.hifigan.family import HifiGan
from export.families.punctuation_bert.family import PunctuationBert
from export.families.quartznet.family import Citrinet, QuartzNet
from export.families.tacotron2.family import Tacotron2
from export.families.waveglow.family import WaveGlow
from export.family import Family, Options

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel

ENTRY_POINTS = "tritone.families"
_registered: list[type[Family]] = [
    QuartzNet,
    Citrinet,
    Conformer,
    ConformerHybrid,
    ConformerLetters,
    PunctuationBert,
    Tacotron2,
    FastPitch,
    WaveGlow,
    HifiGan,
]


def register(family: type[Family]) -> type[Family]:
    """Add a family to exports, engines and benchmarks; usable as a decorator.

    Of several families for one NeMo class, those registered later take precedence.

    Raises:
        ValueError: another family has the name.
    """
    if family.name in (other.name for other in _registered):
        raise ValueError(f"family: expected a unique name, got {family.name!r}; choose another.")
    _registered.append(family)
    return family


def families() -> Sequence[type[Family]]:
    """All families, those of this package first."""
    _register_entry_points()
    return tuple(_registered)


def family_named(name: str) -> type[Family]:
    """The family of this name.

    Raises:
        UnsupportedCheckpointError: there is none.
    """
    for family in families():
        if family.name == name:
            return family
    known = ", ".join(family.name for family in families())
    raise UnsupportedCheckpointError(f"family: expected one of {known}, got {name!r}.")


def family_of(checkpoint: Checkpoint, options: Options) -> Family:
    """The exporter of a checkpoint; raises as `class_of`."""
    return class_of(checkpoint)(checkpoint, options)


def load(path: Path) -> Any:
    """The NeMo model of a checkpoint, in eval mode; raises as `class_of`."""
    return class_of(Checkpoint.open(path)).load(path)


def class_of(checkpoint: Checkpoint) -> type[Family]:
    """The family of a checkpoint.

    Raises:
        UnsupportedCheckpointError: names the class, and what is supported.
    """
    for family in reversed(families()):
        if family.class_name == checkpoint.class_name and family.accepts(checkpoint.config):
            return family
    supported = "; ".join(f"{family.class_name} ({family.describes})" for family in families())
    raise UnsupportedCheckpointError(
        f"checkpoint: {checkpoint.path.name} holds a {checkpoint.class_name}, which has no exporter. "
        f"Supported: {supported}."
    )


def engine_models() -> list[EngineModel]:
    """The models that engines are built for, each once: recognisers share their front end."""
    found = {engine.name: engine for family in families() for engine in family.engines()}
    return list(found.values())


def engine_named(name: str) -> EngineModel:
    """The model with a name; the names of a second set are longer by a suffix.

    Raises:
        EngineError: no family has such a model.
    """
    models = engine_models()
    for model in models:
        if name == model.name or name.startswith(f"{model.name}_"):
            return replace(model, name=name)
    known = ", ".join(model.name for model in models)
    raise EngineError(f"model: expected one of {known}, got {name!r}.")


@cache
def _register_entry_points() -> None:
    for point in entry_points(group=ENTRY_POINTS):
        register(point.load())
