"""The engine of the acoustic model: that of all recognisers."""

from __future__ import annotations

from export.recognition.engine import AcousticEngine as QuartzNetEngine

__all__ = ["QuartzNetEngine"]
