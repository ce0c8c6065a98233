"""The recognisers and voices that a server has, as the configurations of its models tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tritone_client.calls import (
    PUNCTUATE,
    RECOGNITION,
    STREAM_SYNTHESIS,
    STREAM_TRANSCRIPTION,
    STREAMS,
    SYNTHESIS,
)
from tritone_client.flows import PROBE_S, Ask, Flow
from tritone_client.questions import CANARY, ModelConfig, ModelNames

SEPARATOR = "_"  # between a pipeline and the name of the recogniser or voice that it uses
_STREAMS = tuple(stream + SEPARATOR for stream in STREAMS)


@dataclass(frozen=True)
class Recogniser:
    """A recogniser."""

    name: str  #: for `model=` and `--model`; empty for the default one
    pipelines: tuple[str, ...]  #: the public models that use it
    networks: tuple[str, ...]  #: the models that compute
    punctuated: bool  #: whether a model of its own restores punctuation; else the transcript has it, or none


@dataclass(frozen=True)
class Voice:
    """A voice."""

    name: str  #: for `model=` and `--model`; empty for the default one
    pipelines: tuple[str, ...]  #: the public models that use it
    networks: tuple[str, ...]  #: the models that compute
    options: tuple[str, ...]  #: of synthesis, that it has a use for


@dataclass(frozen=True)
class Catalogue:
    """What a server has."""

    recognisers: tuple[Recogniser, ...]  #: the default one first
    voices: tuple[Voice, ...]  #: the default one first


def served() -> Flow[Catalogue]:
    """Ask for the loaded models, and for the configurations of those that matter."""
    names = yield Ask(ModelNames(), PROBE_S)
    punctuation = (yield from _steps(PUNCTUATE)) if PUNCTUATE in names else []
    recognisers, voices = [], []
    for name in _sets(names, RECOGNITION):
        pipelines = _pipelines(name, names, (*RECOGNITION, STREAM_TRANSCRIPTION))
        recognisers.append((yield from _recogniser(name, pipelines, punctuation)))
    for name in _sets(names, SYNTHESIS):
        voices.append((yield from _voice(name, _pipelines(name, names, (*SYNTHESIS, STREAM_SYNTHESIS)))))
    return Catalogue(tuple(recognisers), tuple(voices))


def _sets(names: set[str], pipelines: tuple[str, ...]) -> list[str]:
    """The names of sets that have one of the pipelines."""
    found = set()
    whole = {name for name in names if not (name + SEPARATOR).startswith(_STREAMS)}  # not of a set "stream"
    for pipeline in pipelines:
        suffixes = (name.removeprefix(pipeline) for name in whole if name.startswith(pipeline))
        found |= {suffix for suffix in suffixes if suffix[:1] in ("", SEPARATOR)}
    return sorted(suffix.removeprefix(SEPARATOR) for suffix in found if not suffix.endswith(CANARY))


def _pipelines(name: str, names: set[str], pipelines: tuple[str, ...]) -> tuple[str, ...]:
    named = (pipeline + SEPARATOR * bool(name) + name for pipeline in pipelines)
    return tuple(pipeline for pipeline in named if pipeline in names)


def _recogniser(name: str, pipelines: tuple[str, ...], punctuation: Sequence[str]) -> Flow[Recogniser]:
    steps = yield from _steps(pipelines[0])
    networks = []
    for step in steps:
        networks += _partners((yield from _config(step)), "features_model", "acoustic_model")
    return Recogniser(name, pipelines, tuple(networks), not set(steps).isdisjoint(punctuation))


def _voice(name: str, pipelines: tuple[str, ...]) -> Flow[Voice]:
    for step in (yield from _steps(pipelines[0])):
        config = yield from _config(step)
        networks = _partners(config, "spectrogram_model", "vocoder_model")
        if networks:
            break
    inputs: set[str] = set()
    for network in networks:
        inputs |= {tensor["name"] for tensor in (yield from _config(network))["input"]}
    options = {
        "speed": True,
        "seed": bool(inputs & {"dropout", "z"}),  # what noise is fed into
        "sigma": "z" in inputs,
        "denoise": bool(_partners(config, "denoiser_model")),
        "pitch": "pitch" in inputs,
        "speaker": "speaker" in inputs,
    }
    return Voice(name, pipelines, tuple(networks), tuple(option for option, used in options.items() if used))


def _config(model: str) -> Flow[Mapping[str, Any]]:
    config: Mapping[str, Any] = yield Ask(ModelConfig(model), PROBE_S)
    return config


def _steps(pipeline: str) -> Flow[list[str]]:
    config = yield from _config(pipeline)
    return [step["model_name"] for step in config["ensemble_scheduling"]["step"]]


def _partners(config: Mapping[str, Any], *parameters: str) -> list[str]:
    given = config.get("parameters", {})
    return [given[name]["string_value"] for name in parameters if name in given]
