"""The properties of a served WaveGlow, from its sidecar."""

from __future__ import annotations

from export.errors import EngineError
from tritone.synthesis.voice import Flow, Voice


def flow(voice: Voice) -> Flow:
    """Return the properties of a voice's WaveGlow.

    Raises:
        EngineError: the voice has a vocoder of another kind.
    """
    if not isinstance(voice.vocoder, Flow):
        raise EngineError(
            f"vocoder.json: expected the kind {Flow.kind}, got {voice.vocoder.kind}; export the checkpoint "
            "again."
        )
    return voice.vocoder
