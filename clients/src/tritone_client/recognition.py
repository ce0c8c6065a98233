"""Options of recognition: decoder, boosted phrases, alternatives and detection of speech."""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, Literal, get_args

from tritone_client.calls import Call, Outputs
from tritone_client.errors import InvalidRequestError
from tritone_client.results import Alternative, Transcription

DecoderName = Literal["beam", "greedy"]

VoiceActivity = Literal["on", "off"]

VOICE_ACTIVITY: tuple[VoiceActivity, ...] = get_args(VoiceActivity)
DECODERS: tuple[DecoderName, ...] = get_args(DecoderName)
LARGEST_WEIGHT = 20.0  # of a boosted phrase, either way
MOST_PHRASES = 500
MOST_ALTERNATIVES = 10


@dataclass(frozen=True)
class RecognitionOptions:
    """Options of a transcription. The server chooses the default for None.

    Raises:
        InvalidRequestError: a value is outside its range.
        TypeError: a value has the wrong type.
    """

    decoder: DecoderName | None = None  #: None: beam, if the server has a language model or needs it
    boost: Mapping[str, float] = field(default_factory=dict)  #: phrase to weight, -20 to 20
    alternatives: int = 0  #: 0 to 10, most probable transcripts to return
    vad: VoiceActivity | None = None  #: whether only speech is recognised; None: as the server is configured

    def __post_init__(self) -> None:
        if self.decoder is not None and self.decoder not in DECODERS:
            raise InvalidRequestError(
                f"decoder: expected one of {', '.join(DECODERS)}, got {self.decoder!r}."
            )
        if self.vad is not None and self.vad not in VOICE_ACTIVITY:
            raise InvalidRequestError(f"vad: expected one of {', '.join(VOICE_ACTIVITY)}, got {self.vad!r}.")
        _check_boost(self.boost)
        if isinstance(self.alternatives, bool) or not hasattr(self.alternatives, "__index__"):
            raise TypeError(f"alternatives: expected a whole number, got {type(self.alternatives).__name__}.")
        if not 0 <= self.alternatives <= MOST_ALTERNATIVES:
            raise InvalidRequestError(
                f"alternatives: expected 0 to {MOST_ALTERNATIVES} transcripts, got {self.alternatives}."
            )

    def parameters(self) -> dict[str, str | int | float | bool]:
        """Return the request parameters."""
        parameters: dict[str, str | int | float | bool] = {}
        if self.decoder is not None:
            parameters["decoder"] = self.decoder
        if self.boost:
            weights = {phrase: float(weight) for phrase, weight in self.boost.items()}
            parameters["boost"] = json.dumps(weights, ensure_ascii=False)
        if self.alternatives:
            parameters["alternatives"] = operator.index(self.alternatives)
        if self.vad is not None:
            parameters["vad"] = self.vad
        return parameters


def with_options(call: Call[Transcription], options: RecognitionOptions) -> Call[Transcription]:
    """Return a transcription call with options."""
    call = replace(call, parameters={**call.parameters, **options.parameters()})
    if not options.alternatives:
        return call

    def decode(outputs: Outputs) -> Transcription:
        texts, scores = outputs.strings("alternative"), outputs.floats("alternative_score")
        pairs = zip(texts, scores, strict=True)
        return replace(call.decode(outputs), alternatives=tuple(Alternative(*pair) for pair in pairs))

    # No names mean all outputs.
    outputs = (*call.outputs, "alternative", "alternative_score") if call.outputs else ()
    return replace(call, decode=decode, outputs=outputs)


def _check_boost(boost: Any) -> None:
    if not isinstance(boost, Mapping):
        raise TypeError(f"boost: expected a mapping of phrase to weight, got {type(boost).__name__}.")
    if len(boost) > MOST_PHRASES:
        raise InvalidRequestError(f"boost: expected at most {MOST_PHRASES} phrases, got {len(boost)}.")
    for phrase, weight in boost.items():
        if not isinstance(phrase, str) or isinstance(weight, bool) or not isinstance(weight, Real):
            kinds = f"{type(phrase).__name__} and {type(weight).__name__}"
            raise TypeError(f"boost: expected str and a number, got {kinds}.")
        if not -LARGEST_WEIGHT <= float(weight) <= LARGEST_WEIGHT:  # false for NaN
            raise InvalidRequestError(
                f"boost: expected weights from {-LARGEST_WEIGHT:g} to {LARGEST_WEIGHT:g}, got {weight}."
            )
