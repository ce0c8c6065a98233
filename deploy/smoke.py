"""The smoke test: a server must hear and speak, over both protocols, before it may serve."""

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
_SILENCE = 1e-3  # peak of samples in [-1, 1] below which nothing can be heard


def demo_recordings() -> tuple[Path, ...]:
    """Return sample recordings of three kinds: a sentence, digits, a stereo file of another rate."""
    return tuple(ROOT / "demo/recordings" / name for name in RECORDINGS)


@dataclass(frozen=True)
class SmokeTest:
    """What a server is asked before it may serve."""

    recordings: Sequence[Path]  # files with speech
    text: str = TEXT  # spoken, and heard again

    def run(self, grpc_url: str, http_url: str) -> str:
        """Ask a server, and judge its answers.

        Args:
            grpc_url: HOST:PORT of its gRPC endpoint.
            http_url: HOST:PORT of its HTTP endpoint.

        Returns:
            What was found, in words.

        Raises:
            UnhealthyReleaseError: an answer is missing or cannot be right.
        """
        try:
            with Client(grpc_url, timeout_s=_REQUEST_S) as client:
                for recording in self.recordings:
                    _require(
                        bool(client.transcribe(recording).transcript.strip()),
                        f"words of {recording.name}",
                        "none",
                    )
                heard = self._spoken_and_heard(client)
            with Client(http_url, protocol="http", timeout_s=_REQUEST_S) as client:
                words = client.transcribe(self.recordings[0]).words
                _require(bool(words), f"words of {self.recordings[0].name} over HTTP", "none")
                samples = client.synthesize(self.text, seed=1).samples
                _require(can_be_heard(samples), "speech over HTTP", "silence")
        except TritoneError as error:
            raise UnhealthyReleaseError(
                f"smoke test: expected answers, got {type(error).__name__}: {error}"
            ) from error
        return f"{len(self.recordings)} recordings heard; a text spoken and heard again: {heard}"

    def _spoken_and_heard(self, client: Client) -> str:
        speech = client.synthesize(self.text, seed=1)
        _require(can_be_heard(speech.samples), "speech", "silence, or samples that are no sound")
        file = client.synthesize_encoded(self.text, "wav", seed=1)
        heard = client.transcribe(file).text
        _require(bool(heard.strip()), "words in its own speech", "none")
        return heard


def can_be_heard(samples: NDArray[np.float32]) -> bool:
    """Whether (N,) samples in [-1, 1] are sound: some, all of them numbers, not silence."""
    return bool(samples.size and np.isfinite(samples).all() and np.abs(samples).max() > _SILENCE)


def _require(met: bool, expected: str, got: str) -> None:
    if not met:
        raise UnhealthyReleaseError(
            f"smoke test: expected {expected}, got {got}; check the checkpoints that were exported."
        )
