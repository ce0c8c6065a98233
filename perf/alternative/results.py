"""Results of the comparison with the alternative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TRANSCRIPTION, SYNTHESIS = "transcription", "synthesis"


@dataclass(frozen=True)
class ServerFigures:
    """Figures of one server at one number of clients."""

    requests_per_s: float  # median of the rounds
    audio_s_per_s: float  # seconds of audio in or out per second, median of the rounds
    p50_ms: float  # latency measured by the clients, over all requests of all rounds
    p95_ms: float
    p99_ms: float
    audio_s_per_s_by_round: tuple[float, ...]


@dataclass(frozen=True)
class Point:
    """Both servers, measured in turn with the same requests from the same number of clients."""

    task: str  # TRANSCRIPTION or SYNTHESIS
    clients: int  # each sends its next request when the previous one is answered
    requests: int  # per round
    tritone: ServerFigures
    alternative: ServerFigures

    @property
    def throughput_ratio(self) -> float:
        """Tritone's audio throughput as a multiple of the alternative's, by medians of the rounds."""
        return self.tritone.audio_s_per_s / self.alternative.audio_s_per_s

    @property
    def throughput_ratio_range(self) -> tuple[float, float]:
        """Lowest and highest ratio of single rounds."""
        pairs = zip(self.tritone.audio_s_per_s_by_round, self.alternative.audio_s_per_s_by_round, strict=True)
        ratios = [ours / theirs for ours, theirs in pairs]
        return min(ratios), max(ratios)


@dataclass(frozen=True)
class AlternativeResult:
    """Tritone against NeMo behind a FastAPI view that handles one request at a time."""

    size: str  # of the networks: "demo" (the bundled checkpoints) or "full" (published sizes, random weights)
    rounds: int
    points: Sequence[Point]
    transcripts: int  # recordings that both transcribed
    transcripts_differing: int  # of these, with different punctuated texts
    spoken_s: Mapping[
        str, float
    ]  # seconds of speech made from the same texts, by "tritone" and "alternative"
    versions: Mapping[str, str]  # of the alternative's packages
