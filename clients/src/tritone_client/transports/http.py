"""HTTP, through tritonclient.http (on gevent) and tritonclient.http.aio (on aiohttp)."""

from __future__ import annotations

import asyncio
import os
import threading
from http.client import HTTPException
from typing import Any

import aiohttp
import gevent  # type: ignore[import-untyped]
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

from tritone_client.errors import BY_HTTP_STATUS, ServerError, TritoneError
from tritone_client.flows import Question
from tritone_client.transports import wire

CONNECT_S = 10.0

_TENSOR_TYPES = (triton.InferInput, triton.InferRequestedOutput)


class HttpTransport:
    """Blocking HTTP; may be used by several threads, each of which gets its own connection."""

    def __init__(self, url: str) -> None:
        self._url = url
        # tritonclient's HTTP client may be used only by the thread that made it.
        self._of_thread = threading.local()

    def ask(self, question: Question, timeout_s: float) -> Any:
        """Return the answer; raise a TritoneError."""
        timeout = gevent.Timeout(timeout_s)
        try:
            with timeout:
                return wire.answer(question, _start(self._client(), question, timeout_s))
        except gevent.Timeout as error:
            if error is not timeout:
                raise
            self.close()  # its connection still waits for the answer
            raise wire.timed_out(self._url, timeout_s) from error
        except InferenceServerException as error:
            raise _translated(error, self._url) from error
        except (OSError, HTTPException) as error:
            self.close()
            raise wire.refused(self._url, "HTTP", _reason(error)) from error

    def close(self) -> None:
        """Close the connection of this thread; those of other threads are closed when the threads end."""
        client = self._of_thread.__dict__.pop("client", None)
        if client is not None:
            client.close()

    def _client(self) -> Any:
        if not hasattr(self._of_thread, "client"):
            self._of_thread.client = triton.InferenceServerClient(
                self._url, connection_timeout=CONNECT_S, network_timeout=None
            )
        return self._of_thread.client


class AsyncHttpTransport:
    """HTTP for asyncio; belongs to the event loop that it was made in."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = triton_aio.InferenceServerClient(url, conn_limit=0, conn_timeout=None)

    async def ask(self, question: Question, timeout_s: float) -> Any:
        """Return the answer; raise a TritoneError."""
        try:
            started = _start(self._client, question, timeout_s)
            return wire.answer(question, await asyncio.wait_for(started, timeout_s))
        except InferenceServerException as error:
            raise _translated(error, self._url) from error
        except aiohttp.ClientError as error:  # before TimeoutError, which a slow connect also is
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
    if error.debug_details() is not None:  # tritonclient keeps a body here that is not Triton's JSON
        if status == "503":
            return wire.refused(url, "HTTP", "a proxy cannot reach the server")
        return ServerError(f"{url} answers HTTP {status}, but not as Triton does; check the port.")
    kind = BY_HTTP_STATUS.get(int(status)) if status else None
    return wire.rejected(kind, f"HTTP {status}", error.message())


def _reason(error: BaseException) -> str:
    cause = getattr(error, "os_error", error)  # aiohttp wraps what the system said
    number = getattr(cause, "errno", None) or 0
    if number > 0:  # name resolution has negative ones, with texts of their own
        return os.strerror(number)
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
