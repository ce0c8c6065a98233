"""Request parameters of recognition, and what a config says for requests without them."""

from __future__ import annotations

from ..errors import ArtifactError
from ..model_parameters import VOICE_ACTIVITY, Parameters
from ..request_parameters import Choice

VAD = "vad"  # request parameter, and config parameter with its default
ON, OFF = "on", "off"


def vad_parameter(parameters: Parameters) -> Choice:
    """Return the request parameter that decides whether only speech is recognised.

    Raises:
        ArtifactError: the config's default is neither on nor off, or on without a model that finds speech.
    """
    has_model = parameters.has(VOICE_ACTIVITY)
    default = parameters.text(VAD) if parameters.has(VAD) else ON if has_model else OFF
    if default not in (ON, OFF) or (default == ON and not has_model):
        rule = f"{ON} or {OFF}" if has_model else f"{OFF}, since there is no {VOICE_ACTIVITY}"
        raise ArtifactError(
            f"model '{parameters.model}', parameter {VAD}: expected {rule}, got {default!r}; "
            "correct config.pbtxt."
        )
    return Choice(VAD, (ON, OFF), default)
