"""Request parameters of streams; those of the request that starts one count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...model_parameters import Parameters
from ...request_parameters import Choice, Integer, RequestParameter, read_parameters
from ..boosting import Boost
from ..decoder import BEAM, GREEDY, Choices
from ..labels import Labels
from ..parameters import OFF, ON, VAD, vad_parameter
from .stream import StreamOptions

STOP_HISTORY_MS = "stop_history_ms"
_PASSED_ON = ("boost", "decoder", VAD)  # to the recogniser of whole segments


class StreamParameters:
    """Reads the parameters of the request that starts a stream.

    Args:
        parameters: of the model: `vad` and `stop_history_ms` are the defaults.
        labels: that phrases must be made of.
    """

    def __init__(self, parameters: Parameters, labels: Labels) -> None:
        self._declared: Sequence[RequestParameter] = (
            Choice("interim", (ON, OFF), ON),
            Choice("written", (ON, OFF), OFF),
            Integer(STOP_HISTORY_MS, 100, 10_000, parameters.count(STOP_HISTORY_MS)),
            vad_parameter(parameters),
            Choice("decoder", (BEAM, GREEDY), None),
            Boost(labels),
        )

    def read(self, sent: Mapping[str, Any]) -> StreamOptions:
        """Return what a request asks for; raise ParameterError if a value breaks a rule."""
        values = read_parameters(self._declared, sent)
        Choices.of({**values, "alternatives": 0}, BEAM)
        passed_on = {name: sent[name] for name in _PASSED_ON if name in sent}
        return StreamOptions(
            stop_history_ms=values[STOP_HISTORY_MS],
            vad=values[VAD] == ON,
            interim=values["interim"] == ON,
            written=values["written"] == ON,
            passed_on={**passed_on, VAD: values[VAD]},
        )
