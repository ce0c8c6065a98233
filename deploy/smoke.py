"""The smoke test: before a server may serve, it must recognise and synthesise speech over both protocols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tritone_client import Client, TritoneError

from deploy.errors import UnhealthyReleaseError
from deploy.tree import ROOT

RECORDINGS = ("prison_slt.flac", "digits_kal.flac", "report_gb_stereo_22050hz.ogg")
TEXT = "How are you today? The weather is fine, and we are going to the river."
_REQUEST_S = 120.0
_SILENCE = 1e-3  # peak of samples in [-1, 1] below which nothing is audible


def demo_recordings() -> tuple[Path, ...]:
    """Return sample recordings of three kinds: a sentence, digits, a stereo file of another rate."""
    return tuple(ROOT / "demo/recordings" / name for name in RECORDINGS)


@dataclass(frozen=True)
class SmokeTest:
    """What a server must recognise and synthesise."""

    recordings: Sequence[Path]  # files with speech
    text: str = TEXT  # synthesised, and recognised again

    def run(self, grpc_url: str, http_url: str) -> str:
        """Test a server.

        Args:
            grpc_url: HOST:PORT of its gRPC endpoint.
            http_url: HOST:PORT of its HTTP endpoint.

        Returns:
            A summary.

        Raises:
            UnhealthyReleaseError: a response is missing or cannot be right.
        """
        try:
            with Client(grpc_url, timeout_s=_REQUEST_S) as client:
                for recording in self.recordings:
                    transcript = client.transcribe(recording).transcript
                    _require(bool(transcript.strip()), f"words in {recording.name}", "none")
                speech = client.synthesize(self.text, seed=1)
                _require(is_audible(speech.samples), "speech", "silence, or invalid samples")
                file = client.synthesize_encoded(self.text, "wav", seed=1)
                recognised = client.transcribe(file).text
                _require(bool(recognised.strip()), "words in its own speech", "none")
            with Client(http_url, protocol="http", timeout_s=_REQUEST_S) as client:
                words = client.transcribe(self.recordings[0]).words
                _require(bool(words), f"words in {self.recordings[0].name} over HTTP", "none")
                samples = client.synthesize(self.text, seed=1).samples
                _require(is_audible(samples), "speech over HTTP", "silence, or invalid samples")
        except TritoneError as error:
            raise UnhealthyReleaseError(
                f"smoke test: expected responses, got {type(error).__name__}: {error}"
            ) from error
        return f"{len(self.recordings)} recordings recognised; synthesised text recognised as: {recognised}"


def is_audible(samples: NDArray[np.float32]) -> bool:
    """Whether (N,) samples in [-1, 1] are sound: not empty, all finite, not silence."""
    return bool(samples.size and np.isfinite(samples).all() and np.abs(samples).max() > _SILENCE)


def _require(met: bool, expected: str, got: str) -> None:
    if not met:
        raise UnhealthyReleaseError(
            f"smoke test: expected {expected}, got {got}; check the checkpoints that were exported."
        )
