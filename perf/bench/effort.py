"""How much work is measured."""

from __future__ import annotations

from dataclasses import dataclass

from perf.instruments.model_sizes import Size


@dataclass(frozen=True)
class Effort:
    """Amounts of work: enough for stable medians, or for a smoke test."""

    rounds: int  # interleaved repetitions
    clips_demo: int  # per round, at demo size
    clips_full: int  # per round, at full size
    latency_clips: int  # sent one after the other, for the times per model
    settling_requests: int  # before memory is monitored
    memory_requests: int  # while memory is monitored
    texts_demo: int  # to speak, per round, at demo size
    texts_full: int  # to speak, per round, at full size
    sentences: tuple[int, ...]  # lengths of the texts whose cost is compared
    network_share: float  # of a full comparison with NeMo's network

    def clips(self, size: Size) -> int:
        """Return the clips per round at a size."""
        return self.clips_full if size.name == "full" else self.clips_demo

    def texts(self, size: Size) -> int:
        """Return the texts per round at a size."""
        return self.texts_full if size.name == "full" else self.texts_demo


THOROUGH = Effort(
    rounds=7,
    clips_demo=240,
    clips_full=24,
    latency_clips=24,
    settling_requests=500,
    memory_requests=2000,
    texts_demo=22,
    texts_full=3,
    sentences=(1, 2, 4, 8, 16, 32),
    network_share=1.0,
)
QUICK = Effort(
    rounds=3,
    clips_demo=48,
    clips_full=8,
    latency_clips=6,
    settling_requests=50,
    memory_requests=100,
    texts_demo=6,
    texts_full=1,
    sentences=(1, 2, 4),
    network_share=0.25,
)
