"""The models that engines are made of, and what is particular to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from export.errors import EngineError


@dataclass(frozen=True)
class EngineModel:
    """One model of the repository."""

    name: str
    half: bool = True  # whether products are computed in half precision

    @property
    def precision(self) -> str:
        """As records have it."""
        return "FP16 products, FP32 elsewhere" if self.half else "FP32"


MODELS = (
    # Power spectra span more than halves can hold, and a logarithm is taken of the smallest.
    EngineModel("asr_features", half=False),
    EngineModel("asr_quartznet"),
    EngineModel("punctuation_bert"),
    EngineModel("tts_tacotron2"),
    EngineModel("tts_waveglow"),
)


def chosen(names: Sequence[str]) -> list[EngineModel]:
    """The models of these names, or all.

    Raises:
        EngineError: a name that no engine is made for.
    """
    known = {model.name: model for model in MODELS}
    for name in names:
        if name not in known:
            raise EngineError(f"model: expected one of {', '.join(known)}, got {name!r}.")
    return [model for model in MODELS if not names or model.name in names]
