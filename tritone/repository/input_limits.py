"""Check that every model accepts the largest requests that the models before it can send.

A graph's caller splits its requests into pieces. The largest piece follows from the caller's parameters and
sidecars; the graph's config must allow it with a parameter `max_elements.<input>`.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import ArtifactError
from ..onnx_backend.limits import PREFIX
from ..punctuation.windows import PAD_MULTIPLE
from ..recognition.streaming.format import FILE_NAME, Context, StreamFormat
from ..recognition.voice_activity import STRETCH_SAMPLES
from ..sidecar import read_sidecar
from ..synthesis.limits import DurationLimit, bucket
from ..synthesis.parameters import SPEED
from ..synthesis.voice import Autoregressive, Flow, Voice
from .configs import ModelFolder, read_repositories

Elements = dict[str, int]  # by input of a graph

_TO_DETECTOR = {"audio": STRETCH_SAMPLES}  # what callers send to a model that finds speech
_LIMITS = ("max_audio_s", "max_characters")  # parameters of Python models, which reject larger requests


def check_input_limits(folders: Sequence[ModelFolder]) -> list[str]:
    """Return the findings over all models and config variants, one line each."""
    findings = [line for folder in folders for line in _check_pipeline(folder, folders)]
    needed = needed_elements(folders)
    for folder in _graphs(folders):
        for name, elements in needed.get(folder.name, {}).items():
            given = _given(folder, name)
            if given < elements:
                path = os.path.relpath(folder.config_path)
                findings.append(
                    f"{path}: parameter {PREFIX}{name}: expected {elements} or more, the most that its "
                    f"caller sends in a request, got {given or 'none'}; correct it"
                )
    return findings


def raised_limits(repository: Path) -> dict[Path, str]:
    """Return the new text of every config whose limits are too small for the exported checkpoints.

    The result is empty if a config cannot be read: `make check` reports that.
    """
    try:
        folders = list(read_repositories([repository]))
    except ArtifactError:
        return {}
    needed = needed_elements(folders)
    texts: dict[Path, str] = {}
    for folder in _graphs(folders):
        text = folder.config_path.read_text(encoding="utf-8")
        for name, elements in needed.get(folder.name, {}).items():
            if 0 < _given(folder, name) < elements:
                pattern = rf'("{re.escape(PREFIX + name)}" value: {{ string_value: ")\d+"'
                text = re.sub(pattern, rf'\g<1>{elements}"', text)
                texts[folder.config_path] = text
    return texts


def needed_elements(folders: Sequence[ModelFolder]) -> dict[str, Elements]:
    """Return the largest inputs that the callers of each graph send in one request.

    Callers whose sidecars do not match yet, as between the exports of the two halves of a voice, are skipped.
    """
    needed: dict[str, Elements] = {}
    graphs = {folder.name: folder for folder in _graphs(folders)}
    for caller in folders:
        for version in caller.versions:
            called = [graphs[name] for name in caller.calls if name in graphs]
            try:
                sent = dict(_sent(caller, version, called))
            except ArtifactError:
                continue
            for folder in called:
                sizes = _TO_DETECTOR if folder.name in caller.shared else sent
                for name in folder.inputs.keys() & sizes.keys():
                    found = needed.setdefault(folder.name, {})
                    found[name] = max(sizes[name], found.get(name, 0))
    return needed


def _check_pipeline(pipeline: ModelFolder, folders: Sequence[ModelFolder]) -> Iterator[str]:
    """Check that a step accepts at least what the earlier steps let through."""
    steps = [step.model_name for step in pipeline.config.ensemble_scheduling.step]
    for name in _LIMITS:
        admitted = 0.0
        for step in steps:
            limits = [
                model.parameters.number(name)
                for model in folders
                if model.name == step and model.parameters.has(name)
            ]
            if limits and min(limits) < admitted:
                yield (
                    f"{pipeline.name}: parameter {name} of {step}: expected {admitted:g} or more, which an "
                    f"earlier step admits, got {min(limits):g}"
                )
            admitted = max(admitted, *limits, 0.0)


def _sent(caller: ModelFolder, version: Path, called: Sequence[ModelFolder]) -> Iterator[tuple[str, int]]:
    """Yield the largest size of each tensor, in elements; sidecars identify the kind of caller."""
    if (version / "windows.json").is_file():
        yield from _of_recognition(caller, version, called)
    if (version / FILE_NAME).is_file():
        yield from _of_streams(caller, version, called)
    if (version / "punctuation.json").is_file():
        (tokens,) = read_sidecar(version / "punctuation.json", "max_seq_length")
        elements = bucket(tokens, PAD_MULTIPLE) * round(caller.parameters.number("windows_per_batch"))
        yield from (("input_ids", elements), ("attention_mask", elements))
    if (version / "spectrograms.json").is_file():
        yield from _of_synthesis(caller, version)


def _of_recognition(
    caller: ModelFolder, version: Path, called: Sequence[ModelFolder]
) -> Iterator[tuple[str, int]]:
    (rate,) = read_sidecar(version / "windows.json", "sample_rate_hz")
    yield from _of_audio(round(caller.parameters.number("window_s") * rate), version, called)


def _of_streams(
    caller: ModelFolder, version: Path, called: Sequence[ModelFolder]
) -> Iterator[tuple[str, int]]:
    """Yield what a call with many streams holds, or with one whose chunk is the longest."""
    path, parameters = version / FILE_NAME, caller.parameters
    form = StreamFormat.load(path)
    context = Context.of(path, parameters, form)
    frames = context.left + context.right + round(parameters.number("max_chunk_s") / form.feature_s)
    longest_s = max(parameters.number("batch_audio_s"), (frames + form.lead) * form.feature_s)
    yield from _of_audio(round(longest_s * form.sample_rate_hz), version, called)


def _of_audio(samples: int, version: Path, called: Sequence[ModelFolder]) -> Iterator[tuple[str, int]]:
    yield "audio", samples
    for folder in called:
        sidecar = folder.path / version.name / "features.json"
        if sidecar.is_file():
            mels, hop, size = read_sidecar(sidecar, "mels", "hop_samples", "bucket_frames")
            yield "features", mels * bucket(samples // hop + 1, size)


def _of_synthesis(caller: ModelFolder, version: Path) -> Iterator[tuple[str, int]]:
    voice, parameters = Voice.load(version), caller.parameters
    spectrograms, vocoder = voice.spectrograms, voice.vocoder
    rows = round(parameters.number("utterances_per_batch"))
    symbols = bucket(spectrograms.longest_symbols, round(parameters.number("symbols_bucket")))
    yield from (("symbols", rows * symbols), ("pitch", rows * symbols))
    limit = DurationLimit(parameters.number("base_s"), parameters.number("longest_symbol_s"))
    longest = limit.frames(symbols, voice)
    if isinstance(spectrograms, Autoregressive):
        units = spectrograms.prenet_layers * spectrograms.prenet_units
        yield "dropout", rows * spectrograms.steps(longest) * units
    frames = bucket(math.ceil(longest / SPEED.low), round(parameters.number("frames_bucket")))
    yield "mel", voice.mels * frames
    if isinstance(vocoder, Flow):
        yield "z", vocoder.groups * voice.latent_columns(frames)


def _graphs(folders: Sequence[ModelFolder]) -> Iterator[ModelFolder]:
    return (folder for folder in folders if folder.config.backend == "onnxruntime")


def _given(folder: ModelFolder, name: str) -> int:
    text = folder.parameters.text(PREFIX + name)
    return int(text) if text.isdecimal() else 0
