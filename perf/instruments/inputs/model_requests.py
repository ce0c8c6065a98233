"""The requests for every model, made from the outputs of the models before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from perf.instruments.inputs.requests import Request, RequestSet
from perf.instruments.inputs.stages import Row, Stages

_AUDIO = {"audio", "audio_bytes", "features", "log_probs", "mel"}  # tensors that last as long as audio
# Size of a request, by the first of these tensors in it; without any of them, in seconds of audio.
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
        MeasurementError: the server refused an input of this model or of one before it.
    """
    layout = stages.layout
    layout.require_known(model)
    has_audio = bool(_AUDIO & {*layout.models[model].inputs, *layout.models[model].outputs})
    home, caller = layout.home(model), layout.caller(model)
    sent: Iterable[tuple[Row, float | None]]
    if home is None and caller is not None:
        sent, origin = stages.calls(caller)[model], f"requests of {caller}, row by row"
    else:
        rows = stages.rows(model)
        sent = zip(rows, stages.seconds(model) if has_audio else [None] * len(rows), strict=True)
        origin = "recordings or texts" if home is None else f"its inputs in {home[0]}"
    requests = [_request(row, seconds if has_audio else None) for row, seconds in sent]
    unit = next((unit for name, (unit, _) in _SIZES.items() if name in requests[0].tensors), "s")
    return RequestSet(model, tuple(requests), unit, origin)


def _request(row: Row, seconds: float | None) -> Request:
    size = next((size(row) for name, (_, size) in _SIZES.items() if name in row), seconds or 0.0)
    return Request(row, size, seconds)
