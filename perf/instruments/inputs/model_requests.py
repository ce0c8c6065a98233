"""The requests for every model, made of what the stages before it give."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from perf.instruments.inputs.requests import Request, RequestSet
from perf.instruments.inputs.stages import Row, Stages

_SOUND = {"audio", "audio_bytes", "features", "log_probs", "mel"}  # tensors of models that hear or speak
# How large a request is, by the first of these tensors that it has; without any, in seconds of audio.
_SIZES: dict[str, tuple[str, Callable[[Row], float]]] = {
    "transcript": ("characters", lambda row: len(row["transcript"][0].decode("utf-8"))),
    "text": ("characters", lambda row: len(row["text"][0].decode("utf-8"))),
    "attention_mask": ("tokens", lambda row: int(row["attention_mask"].sum())),
    "symbols_length": ("symbols", lambda row: int(row["symbols_length"].sum())),
}


def make_requests(model: str, stages: Stages) -> RequestSet:
    """Make the requests for one model.

    Raises:
        UsageError: there is no such model.
        MeasurementError: the server refused an input on the way.
    """
    layout = stages.layout
    layout.require_known(model)
    hears = bool(_SOUND & {*layout.models[model].inputs, *layout.models[model].outputs})
    home, caller = layout.home(model), layout.caller(model)
    sent: Iterable[tuple[Row, float | None]]
    if home is None and caller is not None:
        sent, origin = stages.calls(caller)[model], f"what {caller} sends, row by row"
    else:
        rows = stages.rows(model)
        sent = zip(rows, stages.seconds(model) if hears else [None] * len(rows), strict=True)
        origin = "recordings or texts" if home is None else f"what it gets in {home[0]}"
    requests = [_request(row, seconds if hears else None) for row, seconds in sent]
    unit = next((unit for name, (unit, _) in _SIZES.items() if name in requests[0].tensors), "s")
    return RequestSet(model, tuple(requests), unit, origin)


def _request(row: Row, seconds: float | None) -> Request:
    size = next((size(row) for name, (_, size) in _SIZES.items() if name in row), seconds or 0.0)
    return Request(row, size, seconds)
