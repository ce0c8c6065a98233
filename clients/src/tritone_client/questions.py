"""What a client asks a server, whichever protocol carries it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tritone_client.calls import NAMED, Call


@dataclass(frozen=True)
class Infer:
    """Run a model. The answer is a function that returns a tensor by name."""

    call: Call[Any]
    queue_s: float | None = None  #: longest time in the server's queue, seconds; None: the whole timeout


@dataclass(frozen=True)
class ServerLive:
    """Is the server process alive? The answer is a bool."""


@dataclass(frozen=True)
class ServerReady:
    """Has the server loaded every model? The answer is a bool."""


@dataclass(frozen=True)
class ServerMetadata:
    """Server metadata. The answer is a dict: name, version."""


@dataclass(frozen=True)
class ModelReady:
    """Can the model be used? The answer is a bool."""

    model: str


@dataclass(frozen=True)
class ModelMetadata:
    """Model metadata. The answer is a dict: name, versions."""

    model: str


@dataclass(frozen=True)
class ModelSuccesses:
    """Number of requests that the model has answered since it was loaded. The answer is an int."""

    model: str


@dataclass(frozen=True)
class ModelNames:
    """Which models are loaded? The answer is a set of names."""


@dataclass(frozen=True)
class ModelConfig:
    """Model configuration. The answer is a dict, as the JSON of config.pbtxt."""

    model: str


Question = (
    Infer
    | ServerLive
    | ServerReady
    | ServerMetadata
    | ModelReady
    | ModelMetadata
    | ModelSuccesses
    | ModelNames
    | ModelConfig
)


CANARY = "_canary"  # suffix of a pipeline that tries a new version


def pipeline_of(model: str, name: str) -> str:
    """Return the pipeline that stands in for a public model, for a named recogniser or voice."""
    return f"{model}_{name}" if name and model in NAMED else model


def renamed(question: Question, name_of: Callable[[str], str]) -> Question:
    """Redirect a question about a pipeline to the pipeline of another name."""
    match question:
        case Infer(call):
            return replace(question, call=replace(call, model=name_of(call.model)))
        case ModelReady(model):
            return ModelReady(name_of(model))
        case ModelMetadata(model):
            return ModelMetadata(name_of(model))
        case ModelSuccesses(model):
            return ModelSuccesses(name_of(model))
    return question
