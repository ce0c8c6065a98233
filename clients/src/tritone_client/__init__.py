"""Client for the tritone speech service: speech recognition, punctuation and speech synthesis.

Start with `Client` or `AsyncClient`.
"""

from tritone_client.async_client import AsyncClient
from tritone_client.catalogue import Catalogue, Recogniser, Voice
from tritone_client.client import Client
from tritone_client.errors import (
    InvalidRequestError,
    ModelNotFoundError,
    OverloadedError,
    ProcessDiedError,
    RequestTimeoutError,
    ServerError,
    ServerNotReadyError,
    ServerUnavailableError,
    TritoneError,
)
from tritone_client.results import (
    Alternative,
    Health,
    ModelHealth,
    PipelineProbe,
    Probe,
    Speech,
    Transcription,
    Word,
)
from tritone_client.streaming.events import Final, Interim, SpeechStarted, TranscriptionEvent
from tritone_client.tls import Tls

__all__ = [
    "Alternative",
    "AsyncClient",
    "Catalogue",
    "Client",
    "Final",
    "Health",
    "Interim",
    "InvalidRequestError",
    "ModelHealth",
    "ModelNotFoundError",
    "OverloadedError",
    "PipelineProbe",
    "Probe",
    "ProcessDiedError",
    "Recogniser",
    "RequestTimeoutError",
    "ServerError",
    "ServerNotReadyError",
    "ServerUnavailableError",
    "Speech",
    "SpeechStarted",
    "Tls",
    "Transcription",
    "TranscriptionEvent",
    "TritoneError",
    "Voice",
    "Word",
]
