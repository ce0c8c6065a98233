"""Options of recognition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from tritone_client.calls import Call
from tritone_client.errors import InvalidRequestError
from tritone_client.results import Transcription

VoiceActivity = Literal["on", "off"]

VOICE_ACTIVITY: tuple[VoiceActivity, ...] = get_args(VoiceActivity)


@dataclass(frozen=True)
class RecognitionOptions:
    """Options of a transcription. The server chooses the default for None.

    Raises:
        InvalidRequestError: a value is not one of the choices.
    """

    vad: VoiceActivity | None = None  #: whether only speech is recognised; None: as the server is configured

    def __post_init__(self) -> None:
        if self.vad is not None and self.vad not in VOICE_ACTIVITY:
            raise InvalidRequestError(f"vad: expected one of {', '.join(VOICE_ACTIVITY)}, got {self.vad!r}.")

    def parameters(self) -> dict[str, str | int | float | bool]:
        """Return the request parameters."""
        parameters: dict[str, str | int | float | bool] = {}
        if self.vad is not None:
            parameters["vad"] = self.vad
        return parameters


def with_options(call: Call[Transcription], options: RecognitionOptions) -> Call[Transcription]:
    """Return a transcription call with options."""
    return replace(call, parameters={**call.parameters, **options.parameters()})
