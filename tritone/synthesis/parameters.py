"""The request parameters of synthesis: names, ranges and defaults, as far as a voice has use for them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from ..request_parameters import LARGEST_INTEGER, Decimal, Integer, Meaningless, RequestParameter
from .voice import Autoregressive, Flow, Parallel, Voice

SEED = Integer("seed", 0, LARGEST_INTEGER, None)
SPEED = Decimal("speed", 0.5, 2.0, 1.0)
PITCH = Decimal("pitch", -3.0, 3.0, 0.0)
SPEAKER = Integer("speaker", 0, 2**31 - 1, 0)  # the highest depends on the voice
SIGMA = Decimal("sigma", 0.0, 1.0, 1.0)  # its default depends on the voice
DENOISE = Decimal("denoise", 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class SynthesisParameters:
    """The parameters of one request; None is the voice's own value."""

    sigma: float | None = None  # standard deviation of the vocoder's noise
    seed: int | None = None  # of all noise; None draws a new one for every text
    speed: float = SPEED.default  # 2 is twice as fast, at the same pitch
    denoise: float | None = None  # share of the vocoder's bias spectrum that is subtracted
    pitch: float | None = None  # added to the pitch, in standard deviations of the voice's training data
    speaker: int | None = None  # index, of a checkpoint of several speakers

    def text_seed(self) -> int:
        """Return the seed for one text: the request's, or a new one from the operating system."""
        return secrets.randbelow(LARGEST_INTEGER) if self.seed is None else self.seed


def declared_parameters(voice: Voice, *, denoiser: bool) -> tuple[RequestParameter, ...]:
    """Return the parameters of a voice; those without meaning for it are refused with the reason.

    Args:
        voice: properties of the checkpoints.
        denoiser: whether it has one.
    """
    spectrograms, vocoder = voice.spectrograms, voice.vocoder
    draws = isinstance(spectrograms, Autoregressive) or isinstance(vocoder, Flow)
    parallel = isinstance(spectrograms, Parallel)
    speakers = spectrograms.speakers if isinstance(spectrograms, Parallel) else 0
    return (
        SPEED,
        SEED if draws else Meaningless(SEED.name, "this voice draws no noise, a text always sounds the same"),
        PITCH if parallel else Meaningless(PITCH.name, "this voice does not predict its pitch"),
        replace(SPEAKER, high=speakers - 1)
        if speakers
        else Meaningless(SPEAKER.name, "this voice has one speaker"),
        replace(SIGMA, default=vocoder.sigma)
        if isinstance(vocoder, Flow)
        else Meaningless(SIGMA.name, "this voice's vocoder takes no noise"),
        DENOISE if denoiser else Meaningless(DENOISE.name, "this voice has no denoiser"),
    )
