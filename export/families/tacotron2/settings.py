"""The properties of a served Tacotron 2, from its sidecar."""

from __future__ import annotations

from export.errors import EngineError
from tritone.synthesis.voice import Autoregressive, Voice


def autoregressive(voice: Voice) -> Autoregressive:
    """Return the properties of a voice's Tacotron 2.

    Raises:
        EngineError: the voice has a spectrogram model of another kind.
    """
    if not isinstance(voice.spectrograms, Autoregressive):
        raise EngineError(
            f"spectrograms.json: expected the kind {Autoregressive.kind}, got {voice.spectrograms.kind}; "
            "export the checkpoint again."
        )
    return voice.spectrograms
