"""Requests for one model, and the file in which perf_analyzer reads them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perf.instruments.load_test_results import ModelInputs

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Request:
    """One request."""

    tensors: Tensors  # by name, without the batch dimension; texts and files as object arrays of bytes
    size: float  # in the unit of its set
    audio_s: float | None = None  # in or out; None: no audio


@dataclass(frozen=True)
class RequestSet:
    """The requests that one model is sent in turn."""

    model: str
    requests: tuple[Request, ...]
    unit: str  # of their sizes
    origin: str  # where they come from

    def __post_init__(self) -> None:
        if not self.requests:
            raise ValueError(f"{self.model}: expected requests, got none")

    @property
    def audio_s(self) -> float | None:
        """Mean seconds of audio; None without audio."""
        found = [request.audio_s for request in self.requests if request.audio_s is not None]
        return mean(found) if found else None

    def described(self) -> ModelInputs:
        """Return a description for the results."""
        sizes = [request.size for request in self.requests]
        shortest, longest = (f"{size:.3g} {self.unit}" for size in (min(sizes), max(sizes)))
        return ModelInputs(self.model, len(sizes), self.audio_s, self.origin, shortest, longest)


def write_input_data(requests: Sequence[Request], path: Path) -> None:
    """Write requests as perf_analyzer's --input-data, bit-exact."""
    data = [{name: _content(array) for name, array in request.tensors.items()} for request in requests]
    path.write_text(json.dumps({"data": data}), encoding="utf-8")


def _content(array: NDArray[Any]) -> dict[str, Any]:
    if array.dtype == object:  # BYTES: four bytes with the length before each element
        raw = b"".join(len(item).to_bytes(4, "little") + item for item in array.ravel())
    else:
        raw = np.ascontiguousarray(array).tobytes()
    return {"b64": base64.b64encode(raw).decode("ascii"), "shape": list(array.shape)}
