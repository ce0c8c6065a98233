"""The request parameters of synthesis: which there are, what they may be, what they are by default."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ParameterError

LARGEST_SEED = 2**63 - 1  # the largest integer that a request parameter can hold
SIGMA = (0.0, 1.0)
SPEED = (0.5, 2.0)
DENOISE = (0.0, 1.0)

_INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class SynthesisParameters:
    """How one request wants to be spoken."""

    sigma: float  # standard deviation of the vocoder's noise
    seed: int | None = None  # of all noise; None draws a fresh one for every text
    speed: float = 1.0  # 2 is twice as fast, at the same pitch
    denoise: float = 0.0  # how much of the vocoder's bias spectrum to take away

    @classmethod
    def read(cls, sent: Mapping[str, Any], sigma: float) -> SynthesisParameters:
        """Check the parameters of a request; those of other names are not looked at.

        Args:
            sent: values by name: numbers, or strings that hold one, since not every client can send decimals.
            sigma: the voice's own, for requests that name none.

        Raises:
            ParameterError: not a number, or out of range.
        """
        return cls(
            sigma=_decimal(sent, "sigma", SIGMA, sigma),
            seed=_seed(sent),
            speed=_decimal(sent, "speed", SPEED, cls.speed),
            denoise=_decimal(sent, "denoise", DENOISE, cls.denoise),
        )

    def text_seed(self) -> int:
        """Return the seed for one text: the request's, or a fresh one from the operating system."""
        return secrets.randbelow(LARGEST_SEED) if self.seed is None else self.seed


def _seed(sent: Mapping[str, Any]) -> int | None:
    value = sent.get("seed")
    if value is None:
        return None
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_SEED:
        raise ParameterError(
            f"parameter seed: expected a whole number from 0 to {LARGEST_SEED}, got {_shown(value)}; "
            "send one in range, or none for fresh noise."
        )
    return value


def _decimal(sent: Mapping[str, Any], name: str, limits: tuple[float, float], default: float) -> float:
    value = sent.get(name, default)
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = float(value)
    low, high = limits
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not low <= value <= high:
        raise ParameterError(
            f"parameter {name}: expected a number from {low:g} to {high:g}, got {_shown(value)}; "
            f"send one in range, or none for {default:g}."
        )
    return float(value)


def _shown(value: Any) -> str:
    """Return a value as an error may show it: short, and on one line."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
