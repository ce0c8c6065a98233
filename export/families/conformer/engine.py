"""The engine of the acoustic model, with all that recognisers share and nothing of its own."""

from __future__ import annotations

from export.recognition.engine import AcousticEngine as ConformerEngine

__all__ = ["ConformerEngine"]
