"""What the gateway needs of a speech service; `triton` is the one implementation."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from tritone_client import Catalogue, Speech, Transcription, TranscriptionEvent


@dataclass(frozen=True)
class RecognitionChoices:
    """How to recognise. None: as the server is configured."""

    model: str = ""  #: name of a recogniser; empty: the default one
    written: bool = False  #: whether numbers are also given in figures
    decoder: Literal["beam", "greedy"] | None = None
    boost: Mapping[str, float] = field(default_factory=dict)  #: phrase to weight, -20 to 20
    alternatives: int = 0
    vad: Literal["on", "off"] | None = None


@dataclass(frozen=True)
class SpeakingChoices:
    """How to speak. None: as the server is configured."""

    model: str = ""  #: name of a voice; empty: the default one
    seed: int | None = None
    speed: float | None = None  #: 0.5 to 2


class SpeechBackend(Protocol):
    """A speech service. Every method raises `GatewayError` with words for the caller."""

    async def transcribe(
        self, audio: bytes | Path | NDArray[np.float32], choices: RecognitionChoices
    ) -> Transcription:
        """Recognise a recording of any usual format, or samples of 16 kHz mono in [-1, 1]."""

    def stream_transcription(
        self,
        chunks: AsyncIterable[NDArray[np.int16]],
        sample_rate_hz: int,
        choices: RecognitionChoices,
        *,
        interim: bool = True,
        stop_history_ms: int | None = None,
    ) -> AsyncGenerator[TranscriptionEvent, None]:
        """Recognise mono samples while they come in; `stop_history_ms` of quiet end a segment."""

    async def punctuate(self, text: str) -> str:
        """Add punctuation and capitals to a transcript."""

    def stream_synthesis(
        self, text: str | AsyncIterable[str], choices: SpeakingChoices
    ) -> AsyncGenerator[Speech, None]:
        """Speak a text, or pieces of one, and yield the speech in chunks as it is made."""

    async def synthesize(self, text: str, choices: SpeakingChoices) -> Speech:
        """Speak a text."""

    async def catalogue(self) -> Catalogue:
        """Return the recognisers and voices that there are."""

    async def check_ready(self) -> None:
        """Return once the service can be used; raises `UnavailableError` at once if it cannot."""

    async def close(self) -> None:
        """Close the connections."""
