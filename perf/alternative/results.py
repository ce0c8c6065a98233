"""What the comparison with the alternative hands over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TRANSCRIPTION, SYNTHESIS = "transcription", "synthesis"


@dataclass(frozen=True)
class ServerFigures:
    """How one server did at one number of clients."""

    requests_per_s: float  # median of the rounds
    audio_s_per_s: float  # seconds of audio heard or spoken per second, median of the rounds
    p50_ms: float  # latency as a client sees it, over all requests of all rounds
    p95_ms: float
    p99_ms: float
    audio_s_per_s_by_round: tuple[float, ...]


@dataclass(frozen=True)
class Point:
    """Both servers with the same requests from the same number of clients, in turns."""

    task: str  # TRANSCRIPTION or SYNTHESIS
    clients: int  # each sends its next request when the last one is answered
    requests: int  # per round
    tritone: ServerFigures
    alternative: ServerFigures

    @property
    def throughput_ratio(self) -> float:
        """How many times the audio of the alternative tritone gets through, by medians of the rounds."""
        return self.tritone.audio_s_per_s / self.alternative.audio_s_per_s

    @property
    def throughput_ratio_range(self) -> tuple[float, float]:
        """The lowest and the highest ratio of any one round."""
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
    transcripts_differing: int  # of these, where the punctuated texts are not the same
    spoken_s: Mapping[str, float]  # seconds of speech made of the same texts, by "tritone" and "alternative"
    versions: Mapping[str, str]  # of what the alternative runs on
