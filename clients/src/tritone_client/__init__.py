"""Client for the tritone speech service: transcribe recordings and punctuate transcripts.

Start with `Client` or `AsyncClient`.
"""

from tritone_client.client import AsyncClient, Client
from tritone_client.errors import (
    InvalidRequestError,
    ModelNotFoundError,
    RequestTimeoutError,
    ServerError,
    ServerNotReadyError,
    ServerUnavailableError,
    TritoneError,
)
from tritone_client.results import Health, ModelHealth, Transcription, Word

__all__ = [
    "AsyncClient",
    "Client",
    "Health",
    "InvalidRequestError",
    "ModelHealth",
    "ModelNotFoundError",
    "RequestTimeoutError",
    "ServerError",
    "ServerNotReadyError",
    "ServerUnavailableError",
    "Transcription",
    "TritoneError",
    "Word",
]
