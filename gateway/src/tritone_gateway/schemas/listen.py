"""Messages of `/v1/listen`, in Deepgram's form."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class ListenWord(BaseModel):
    """A word of a final result; seconds from the start of the connection's audio."""

    word: str
    start: float
    end: float
    confidence: float
    punctuated_word: str | None = None


class ListenAlternative(BaseModel):
    """A transcript; interim ones have neither confidence nor words yet."""

    transcript: str
    confidence: float = 0.0
    words: list[ListenWord] = []


class ListenChannel(BaseModel):
    """What one channel says; there is always one alternative."""

    alternatives: list[ListenAlternative]


class ModelInfo(BaseModel):
    """The recogniser."""

    name: str
    version: str
    arch: str


class ResultsMetadata(BaseModel):
    """Where a result comes from."""

    request_id: str
    model_info: ModelInfo
    model_uuid: str


class Results(BaseModel):
    """What has been recognised of a stretch of the audio."""

    type: Literal["Results"] = "Results"
    channel_index: list[int] = [0, 1]
    duration: float
    start: float
    is_final: bool
    speech_final: bool
    channel: ListenChannel
    metadata: ResultsMetadata
    from_finalize: bool = False


class SpeechStartedMessage(BaseModel):
    """Somebody began to speak."""

    type: Literal["SpeechStarted"] = "SpeechStarted"
    channel: list[int] = [0]
    timestamp: float


class UtteranceEndMessage(BaseModel):
    """So much time has passed without a word as the caller asked for."""

    type: Literal["UtteranceEnd"] = "UtteranceEnd"
    channel: list[int] = [0, 1]
    last_word_end: float


class MetadataMessage(BaseModel):
    """The summary, after the last result."""

    type: Literal["Metadata"] = "Metadata"
    transaction_key: Literal["deprecated"] = "deprecated"
    request_id: str
    sha256: str
    created: str
    duration: float
    channels: int
    models: list[str]
    model_info: dict[str, ModelInfo]


class ErrorMessage(BaseModel):
    """Why the connection is closed with the next frame."""

    type: Literal["Error"] = "Error"
    variant: str
    description: str
    request_id: str
