"""gRPC, through tritonclient.grpc and tritonclient.grpc.aio."""

from __future__ import annotations

import threading
from typing import Any

import grpc
import grpc.aio
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from tritonclient.utils import InferenceServerException

from tritone_client.errors import (
    BY_GRPC_STATUS,
    RequestTimeoutError,
    ServerUnavailableError,
    TritoneError,
    plain_message,
)
from tritone_client.questions import Question
from tritone_client.tls import Tls
from tritone_client.transports import wire
from tritone_client.transports.grpc_stream import AsyncGrpcStream, GrpcStream

CHANNEL_OPTIONS = [
    # A recording is sent in one message; gRPC's default limit is 4 MB.
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # Notice a vanished server during a long transcription. Servers hang up on clients that ping more often
    # than every 5 minutes while no data flows, and waiting for an answer is exactly that.
    ("grpc.keepalive_time_ms", 330_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 0),
    # Inference servers are local: the web proxy of the environment must not be used; the HTTP
    # clients ignore it too.
    ("grpc.enable_http_proxy", 0),
    # Reconnect as fast as we retry, not at gRPC's pace of a second or more.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
]

_TENSOR_TYPES = (triton.InferInput, triton.InferRequestedOutput)


class GrpcTransport:
    """Blocking gRPC; may be used by several threads at once."""

    def __init__(self, url: str, tls: Tls | None = None) -> None:
        self._url, self._credentials = url, _credentials(tls)
        self._client = triton.InferenceServerClient(
            url, creds=self._credentials, channel_args=CHANNEL_OPTIONS
        )
        self._streams: grpc.Channel | None = None  # for streams, which tritonclient limits to one per client
        self._opening = threading.Lock()

    def ask(self, question: Question, timeout_s: float) -> Any:
        """Return the answer; raise a TritoneError."""
        try:
            return wire.answer(question, _start(self._client, question, timeout_s))
        except InferenceServerException as error:
            raise _translated(error, self._url, timeout_s) from error

    def open_stream(self) -> GrpcStream:
        """Open a stream; it connects with the first request."""
        with self._opening:
            if self._streams is None:
                self._streams = self._channel()
        return GrpcStream(self._streams, self._url, _translated)

    def close(self) -> None:
        """Close the channels."""
        self._client.close()
        if self._streams is not None:
            self._streams.close()

    def _channel(self) -> grpc.Channel:
        if self._credentials is None:
            return grpc.insecure_channel(self._url, options=CHANNEL_OPTIONS)
        return grpc.secure_channel(self._url, self._credentials, options=CHANNEL_OPTIONS)


class AsyncGrpcTransport:
    """gRPC for asyncio; belongs to the event loop in which it was created."""

    def __init__(self, url: str, tls: Tls | None = None) -> None:
        self._url, self._credentials = url, _credentials(tls)
        self._client = triton_aio.InferenceServerClient(
            url, creds=self._credentials, channel_args=CHANNEL_OPTIONS
        )
        self._streams: grpc.aio.Channel | None = None

    async def ask(self, question: Question, timeout_s: float) -> Any:
        """Return the answer; raise a TritoneError."""
        try:
            return wire.answer(question, await _start(self._client, question, timeout_s))
        except InferenceServerException as error:
            raise _translated(error, self._url, timeout_s) from error

    def open_stream(self) -> AsyncGrpcStream:
        """Open a stream; it connects with the first request."""
        if self._streams is None:
            self._streams = self._channel()
        return AsyncGrpcStream(self._streams, self._url, _translated)

    async def close(self) -> None:
        """Close the channels."""
        await self._client.close()
        if self._streams is not None:
            await self._streams.close()

    def _channel(self) -> grpc.aio.Channel:
        if self._credentials is None:
            return grpc.aio.insecure_channel(self._url, options=CHANNEL_OPTIONS)
        return grpc.aio.secure_channel(self._url, self._credentials, options=CHANNEL_OPTIONS)


def _credentials(tls: Tls | None) -> grpc.ChannelCredentials | None:
    return None if tls is None else grpc.ssl_channel_credentials(*tls.parts())


def _start(client: Any, question: Question, timeout_s: float) -> Any:
    options = {"client_timeout": timeout_s}
    return wire.start(client, question, timeout_s, _TENSOR_TYPES, options, {"as_json": True})


def _translated(error: InferenceServerException, url: str, timeout_s: float) -> TritoneError:
    status = (error.status() or "").removeprefix("StatusCode.")
    kind = BY_GRPC_STATUS.get(status)
    if kind is RequestTimeoutError:
        return wire.timed_out(url, timeout_s)
    if kind is ServerUnavailableError:
        # A refused connection has the status of a refusing server; the message ends with the cause, or, where
        # TLS failed, with the status of something else after it.
        message = plain_message(error.message()).removesuffix(": OK")
        return wire.refused(url, "gRPC", message.rsplit(": ", 1)[-1].rstrip("]"))
    return wire.rejected(kind, status, error.message())
