"""Settings shared by both clients: server address, timeouts and retries."""

from __future__ import annotations

from typing import Literal

from tritone_client.attempts import RetryPolicy
from tritone_client.questions import CANARY, Question, pipeline_of, renamed
from tritone_client.tls import Tls

Protocol = Literal["grpc", "http"]

DEFAULT_URLS: dict[Protocol, str] = {"grpc": "localhost:8001", "http": "localhost:8000"}
_SECURE: dict[Protocol, str] = {"grpc": "grpcs", "http": "https"}  # schemes with TLS
DEFAULT_TIMEOUT_S = 600.0  # hours of audio take minutes on a busy CPU
DEFAULT_RETRIES = 3
DEFAULT_OVERLOAD_WAIT_S = 10.0
DEFAULT_CONCURRENCY = 4  # concurrent requests of a call that sends several


class Settings:
    """Constructor arguments of both clients."""

    def __init__(
        self,
        url: str | None = None,
        *,
        protocol: Protocol = "grpc",
        timeout_s: float = DEFAULT_TIMEOUT_S,
        retries: int = DEFAULT_RETRIES,
        overload_wait_s: float = DEFAULT_OVERLOAD_WAIT_S,
        canary: bool = False,
        model: str = "",
        tls: Tls | None = None,
    ) -> None:
        """Create a client; it connects with the first request.

        Args:
            url: HOST:PORT, by default localhost with port 8001 (gRPC) or 8000 (HTTP); grpcs://HOST:PORT and
                https://HOST:PORT connect with TLS.
            protocol: "grpc" or "http".
            timeout_s: seconds for one request, including all attempts.
            retries: further attempts while the address does not answer.
            overload_wait_s: seconds in which a request is sent again, with growing pauses, while the server
                turns it away because it has enough to do, or starts a model's process that had died; 0
                reports that at once. Nothing else is retried.
            canary: ask the pipelines' canaries, which try a new version while the others go on as before.
            model: name of a recogniser or voice that is served beside the default one, see `models`.
            tls: certificates to connect with; None: those of the system, if the URL asks for TLS.

        Raises:
            ValueError: an argument is out of its range, or a file with certificates cannot be used.
        """
        self.url, secure = _checked_url(url, protocol)
        self.tls = tls if tls is not None else Tls() if secure else None
        if self.tls is not None:
            self.tls.context()  # a bad file is told here; gRPC would report a server that does not answer
        self.protocol = protocol
        self._retry_policy = RetryPolicy(timeout_s, retries, overload_wait_s)
        self._canary = canary
        self._model = model

    def _addressed(self, question: Question) -> Question:
        """Return a question about the pipeline that this client is to use."""
        return renamed(question, self._pipeline)

    def _pipeline(self, name: str) -> str:
        named = pipeline_of(name, self._model)
        return named + CANARY if self._canary else named


def _checked_url(url: str | None, protocol: Protocol) -> tuple[str, bool]:
    """Return HOST:PORT, and whether the URL asks for TLS."""
    if protocol not in DEFAULT_URLS:
        raise ValueError(f"protocol: expected grpc or http, got {protocol!r}.")
    if url is None:
        return DEFAULT_URLS[protocol], False
    scheme, separator, rest = url.rpartition("://")
    if separator and scheme.lower() not in (protocol, _SECURE[protocol]):
        raise ValueError(f"url: expected HOST:PORT, got {url!r}; {_scheme_remedy(scheme.lower())}")
    address = rest.rstrip("/") if separator else rest
    host, _, port = address.rpartition(":")
    if not host or "/" in address or not port.isdecimal():
        raise ValueError(f"url: expected HOST:PORT without path, got {url!r}; try {DEFAULT_URLS[protocol]}.")
    return address, scheme.lower() == _SECURE[protocol]


def _scheme_remedy(scheme: str) -> str:
    for protocol, secure in _SECURE.items():
        if scheme in (protocol, secure):
            return f"use the protocol {protocol}."
    return f"leave out {scheme}://."
