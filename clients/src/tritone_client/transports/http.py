"""HTTP, through tritonclient.http (on gevent) and tritonclient.http.aio (on aiohttp)."""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from http.client import HTTPException
from typing import Any

import aiohttp
import gevent  # type: ignore[import-untyped]
import gevent.ssl  # type: ignore[import-untyped]
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

from tritone_client.errors import BY_HTTP_STATUS, ServerError, TritoneError
from tritone_client.questions import Question
from tritone_client.tls import Tls
from tritone_client.transports import wire

CONNECT_S = 10.0

_TENSOR_TYPES = (triton.InferInput, triton.InferRequestedOutput)


class HttpTransport:
    """Blocking HTTP; may be used by several threads, each with its own connection."""

    def __init__(self, url: str, tls: Tls | None = None) -> None:
        self._url, self._tls = url, tls
        # tritonclient's HTTP client must be used by the thread that created it.
        self._local = threading.local()

    def ask(self, question: Question, timeout_s: float) -> Any:
        """Return the answer; raise a TritoneError."""
        timeout = gevent.Timeout(timeout_s)
        try:
            with timeout:
                return wire.answer(question, _start(self._client(), question, timeout_s))
        except gevent.Timeout as error:
            if error is not timeout:
                raise
            self.close()  # its connection is still waiting for the response
            raise wire.timed_out(self._url, timeout_s) from error
        except InferenceServerException as error:
            raise _translated(error, self._url) from error
        except (OSError, HTTPException) as error:
            self.close()
            raise wire.refused(self._url, "HTTP", _reason(error)) from error

    def close(self) -> None:
        """Close the connection of this thread; those of other threads are closed when the threads end."""
        client = self._local.__dict__.pop("client", None)
        if client is not None:
            client.close()

    def _client(self) -> Any:
        if not hasattr(self._local, "client"):
            self._local.client = triton.InferenceServerClient(
                self._url,
                connection_timeout=CONNECT_S,
                network_timeout=None,
                ssl=self._tls is not None,
                ssl_context_factory=self._context,
            )
        return self._local.client

    def _context(self) -> Any:
        assert self._tls is not None
        return self._tls.context(gevent.ssl.create_default_context)


class AsyncHttpTransport:
    """HTTP for asyncio; belongs to the event loop in which it was created."""

    def __init__(self, url: str, tls: Tls | None = None) -> None:
        self._url = url
        context = None if tls is None else tls.context()
        self._client = triton_aio.InferenceServerClient(
            url, conn_limit=0, conn_timeout=None, ssl=tls is not None, ssl_context=context
        )

    async def ask(self, question: Question, timeout_s: float) -> Any:
        """Return the answer; raise a TritoneError."""
        try:
            started = _start(self._client, question, timeout_s)
            return wire.answer(question, await asyncio.wait_for(started, timeout_s))
        except InferenceServerException as error:
            raise _translated(error, self._url) from error
        except aiohttp.ClientError as error:  # must precede TimeoutError, which a slow connect also raises
            raise wire.refused(self._url, "HTTP", _reason(error)) from error
        except asyncio.TimeoutError as error:
            raise wire.timed_out(self._url, timeout_s) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()


def _start(client: Any, question: Question, timeout_s: float) -> Any:
    return wire.start(client, question, timeout_s, _TENSOR_TYPES, {}, {})


def _translated(error: InferenceServerException, url: str) -> TritoneError:
    status = error.status() or ""
    if error.debug_details() is not None:  # tritonclient puts a body here that is not Triton's JSON
        if status == "503":
            return wire.refused(url, "HTTP", "a proxy cannot reach the server")
        return ServerError(f"{url} responded with HTTP {status}, but is not a Triton server; check the port.")
    kind = BY_HTTP_STATUS.get(int(status)) if status else None
    return wire.rejected(kind, f"HTTP {status}", error.message())


def _reason(error: BaseException) -> str:
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", error)  # aiohttp wraps it
    if isinstance(cause, ssl.SSLError):  # whose number is not one of the system's
        return getattr(cause, "verify_message", None) or cause.reason or "TLS failed"
    number = getattr(cause, "errno", None) or 0
    if number > 0:  # errors of name resolution are negative and have their own messages
        return os.strerror(number)
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
