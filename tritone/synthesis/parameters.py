"""The request parameters of synthesis: names, ranges and defaults."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from ..request_parameters import LARGEST_INTEGER, Decimal, Integer, RequestParameter

SEED = Integer("seed", 0, LARGEST_INTEGER, None)
SPEED = Decimal("speed", 0.5, 2.0, 1.0)
SIGMA = Decimal("sigma", 0.0, 1.0, 1.0)  # its default depends on the voice
DENOISE = Decimal("denoise", 0.0, 1.0, 0.0)


def declared_parameters(sigma: float) -> tuple[RequestParameter, ...]:
    """Return the parameters of a voice whose default `sigma` is given."""
    return SEED, SPEED, replace(SIGMA, default=sigma), DENOISE


@dataclass(frozen=True)
class SynthesisParameters:
    """The parameters of one request."""

    sigma: float  # standard deviation of the vocoder's noise
    seed: int | None = SEED.default  # of all noise; None draws a new one for every text
    speed: float = SPEED.default  # 2 is twice as fast, at the same pitch
    denoise: float = DENOISE.default  # share of the vocoder's bias spectrum that is subtracted

    def text_seed(self) -> int:
        """Return the seed for one text: the request's, or a new one from the operating system."""
        return secrets.randbelow(LARGEST_INTEGER) if self.seed is None else self.seed
