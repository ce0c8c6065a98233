"""Time to the first byte of synthesised speech, against the time to Triton's first chunk."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from perf.gateway.process import Gateway
from perf.gateway.requests import Direct, Through
from perf.instruments.texts import text_of

FORMATS = ("pcm", "wav", "mp3", "opus", "aac", "flac")
_SENTENCES = 3


@dataclass(frozen=True)
class Speech:
    """Seconds to the first audio."""

    direct_s: list[float] = field(default_factory=list)
    through_s: dict[str, list[float]] = field(default_factory=dict)  # by format

    def added_ms(self, form: str) -> float:
        """Median time to the first byte of a format, minus that to Triton's first chunk."""
        return (median(self.through_s[form]) - median(self.direct_s)) * 1000


def measure(grpc_url: str, gateway: Gateway, rounds: int) -> Speech:
    """Ask for the same text both ways in turn; every round has other noise, the same for all."""
    text = text_of(_SENTENCES)
    direct, through = Direct(grpc_url), Through(gateway)
    measured = Speech(through_s={form: [] for form in FORMATS})
    for number in range(rounds + 1):
        first_s = direct.first_audio_s(text, seed=number)
        by_format = {form: through.first_audio_s(text, form) for form in FORMATS}
        if number:  # the first round warms up
            measured.direct_s.append(first_s)
            for form, seconds in by_format.items():
                measured.through_s[form].append(seconds)
    return measured
