"""Check that models of streams describe the same checkpoint as the models that they call."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..recognition.labels import FIELDS
from ..recognition.streaming.format import FILE_NAME, FRONT_END
from .configs import ModelFolder


def check_streams(folders: Sequence[ModelFolder]) -> list[str]:
    """Return the findings over all models and config variants, one line each."""
    models = {folder.name: folder for folder in folders}
    return [
        f"{os.path.relpath(folder.config_path)}: {finding}"
        for folder in folders
        if folder.serves_streams
        for finding in _check_folder(folder, models)
    ]


def _check_folder(folder: ModelFolder, models: Mapping[str, ModelFolder]) -> Iterator[str]:
    parameters = folder.parameters
    if not folder.config.HasField("sequence_batching"):
        yield "sequence_batching: expected one, since the model keeps the state of streams"
    idle_s = folder.config.sequence_batching.max_sequence_idle_microseconds / 1e6
    if parameters.number("idle_s") >= idle_s:
        yield f"idle_s: expected less than max_sequence_idle_microseconds ({idle_s:g} s), Triton's own limit"
    places = folder.config.sequence_batching.oldest.max_candidate_sequences
    if parameters.count("max_streams") >= places:
        yield f"max_streams: expected less than max_candidate_sequences ({places}), after which Triton waits"
    longest_s = parameters.number("max_segment_s")
    if parameters.number("max_chunk_s") > longest_s / 2:
        yield f"max_chunk_s: expected at most half of max_segment_s ({longest_s:g} s), to leave a choice"
    for version in folder.versions:
        stream = _read(version / FILE_NAME)
        for key, file, names in (
            ("features_model", "features.json", FRONT_END),
            ("acoustic_model", "network.json", ("blank_index",)),
        ):
            called = models.get(parameters.text(key))
            other = _read(called.path / version.name / file) if called else {}
            for name in names:
                if name in other and other[name] != stream.get(name):
                    yield (
                        f"{version.name}/{FILE_NAME}: {name} is {stream.get(name)}, {other[name]} in "
                        f"{parameters.text(key)}; export the checkpoint again"
                    )
        missing = [name for name in FIELDS if name not in stream]
        if missing:
            yield f"{version.name}/{FILE_NAME}: expected {', '.join(missing)}; export the checkpoint again"


def _read(path: Path) -> dict[str, Any]:
    """Return a sidecar, or nothing where there is none: other checks report that."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
