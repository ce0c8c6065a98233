"""The properties of a half of a served voice, as the family of its network needs them."""

from __future__ import annotations

from typing import TypeVar

from export.errors import EngineError
from tritone.synthesis.voice import SPECTROGRAMS, VOCODER, Autoregressive, Direct, Flow, Parallel, Voice

Half = TypeVar("Half", Autoregressive, Parallel, Flow, Direct)


def half_of(voice: Voice, kind: type[Half]) -> Half:
    """Return the half of a kind.

    Raises:
        EngineError: the voice has one of another kind.
    """
    is_vocoder = issubclass(kind, Flow | Direct)
    sidecar, found = (VOCODER, voice.vocoder) if is_vocoder else (SPECTROGRAMS, voice.spectrograms)
    if not isinstance(found, kind):
        raise EngineError(
            f"{sidecar}: expected the kind {kind.kind}, got {found.kind}; export the checkpoint again."
        )
    return found
