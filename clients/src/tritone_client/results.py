"""Results of the client's methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Word:
    """One recognised word and its position in the audio."""

    word: str  #: as recognised, without punctuation; of written words, with it
    start_s: float  #: seconds from the start of the audio
    end_s: float  #: seconds from the start of the audio
    confidence: float  #: 0 to 1


@dataclass(frozen=True)
class Alternative:
    """A transcript that the recording may also have."""

    transcript: str  #: as recognised
    score: float  #: natural logarithm of its share of the probability of all transcripts considered


@dataclass(frozen=True)
class Transcription:
    """The transcription of a recording."""

    transcript: str  #: as recognised: lower case, no punctuation
    text: str  #: the same words, punctuated and capitalised
    words: tuple[Word, ...]  #: in spoken order
    duration_s: float | None  #: length of the audio in seconds; None: unknown
    written_text: str | None = None  #: text with numbers in figures; None: not requested
    #: of `written_text`, with the times of the words that they stand for, and the lowest confidence
    written_words: tuple[Word, ...] = ()
    alternatives: tuple[Alternative, ...] = ()  #: as many as were asked for, the most probable first


@dataclass(frozen=True, eq=False)
class Speech:
    """Synthesized speech."""

    samples: NDArray[np.float32]  #: (N,) mono, in [-1, 1]
    sample_rate_hz: int  #: depends on the voice

    @property
    def duration_s(self) -> float:
        """Length of the audio in seconds."""
        return self.samples.size / self.sample_rate_hz


@dataclass(frozen=True)
class ModelHealth:
    """State of one public model."""

    ready: bool
    versions: tuple[str, ...] = ()  #: served versions, empty while not ready


@dataclass(frozen=True)
class Health:
    """State of the server."""

    live: bool  #: the server process answers
    ready: bool  #: every configured model is loaded
    server: str  #: name of the server software, "triton"
    version: str  #: version of the server software
    models: Mapping[str, ModelHealth]  #: the public models by name

    @property
    def ok(self) -> bool:
        """True when the server and every public model can be used."""
        return self.live and self.ready and all(model.ready for model in self.models.values())


@dataclass(frozen=True)
class PipelineProbe:
    """The outcome of probing one pipeline."""

    state: Literal["answered", "busy", "failed"]  #: busy: it works, and had no room for this request
    seconds: float  #: from the question to the answer, the slowest of several
    problem: str = ""  #: why it is busy or failed


@dataclass(frozen=True)
class Probe:
    """Whether the pipelines answer."""

    pipelines: Mapping[str, PipelineProbe]  #: by name

    @property
    def ok(self) -> bool:
        """True when none failed; a busy pipeline is healthy."""
        return all(probe.state != "failed" for probe in self.pipelines.values())
