"""Bidirectional streams over gRPC: Triton's ModelStreamInfer, blocking and for asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

import grpc
import grpc.aio
import numpy as np
import tritonclient.grpc as triton
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException, serialize_byte_tensor

from tritone_client.errors import ServerError, TritoneError, stream_error
from tritone_client.streaming.steps import StreamRequest, StreamResponse
from tritone_client.transports import wire

# A stream that has been answered ends by itself. Triton 2.51 never unloads a model whose last response met
# a cancellation, and waits for it in vain when it is stopped.
ENDING_S = 2.0  # at most
Translate = Callable[[InferenceServerException, str, float], TritoneError]


class GrpcStream:
    """One blocking stream. It belongs to one thread."""

    def __init__(self, channel: grpc.Channel, url: str, translate: Translate) -> None:
        self._url, self._translate = url, translate
        self._requests: SimpleQueue[Any] = SimpleQueue()
        self._model, self._expired, self._answered = "", False, False
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        self._call = stub.ModelStreamInfer(iter(self._requests.get, None))

    def send(self, request: StreamRequest) -> None:
        """Send a request."""
        self._model, self._answered = request.model, False
        self._requests.put(message(request))

    def receive(self, timeout_s: float) -> StreamResponse:
        """Return the next response; raise a TritoneError."""
        timer = self._started(timeout_s)
        try:
            received = response(self._model, next(self._call))
            self._answered = received.last
            return received
        except StopIteration:
            raise _ended(self._model) from None
        except grpc.RpcError as error:
            if self._expired:
                raise wire.timed_out(self._url, timeout_s) from error
            raise self._translate(_exception(error), self._url, timeout_s) from error
        finally:
            timer.cancel()

    def close(self) -> None:
        """End the stream; what the server is still computing for it is cancelled."""
        self._requests.put(None)  # ends the thread in which gRPC takes the requests
        if self._answered:
            self._wait_for_end()
        self._call.cancel()

    def _wait_for_end(self) -> None:
        timer = self._started(ENDING_S)
        with suppress(StopIteration, grpc.RpcError):
            next(self._call)
        timer.cancel()

    def _started(self, timeout_s: float) -> threading.Timer:
        timer = threading.Timer(timeout_s, self._expire)
        timer.daemon = True
        timer.start()
        return timer

    def _expire(self) -> None:
        self._expired = True
        self._call.cancel()


class AsyncGrpcStream:
    """One stream in an event loop."""

    def __init__(self, channel: grpc.aio.Channel, url: str, translate: Translate) -> None:
        self._url, self._translate = url, translate
        self._model, self._answered = "", False
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        self._call = stub.ModelStreamInfer()

    async def send(self, request: StreamRequest) -> None:
        """Send a request."""
        self._model, self._answered = request.model, False
        # If the server has ended the stream, `receive` tells why.
        with suppress(asyncio.InvalidStateError, grpc.RpcError):
            await self._call.write(message(request))

    async def receive(self, timeout_s: float) -> StreamResponse:
        """Return the next response; raise a TritoneError."""
        try:
            received = await asyncio.wait_for(self._call.read(), timeout_s)
        except asyncio.TimeoutError as error:
            raise wire.timed_out(self._url, timeout_s) from error
        except grpc.RpcError as error:
            raise self._translate(_exception(error), self._url, timeout_s) from error
        if received is grpc.aio.EOF:
            raise _ended(self._model)
        answer = response(self._model, received)
        self._answered = answer.last
        return answer

    async def close(self) -> None:
        """End the stream; what the server is still computing for it is cancelled."""
        try:
            if self._answered:
                await self._wait_for_end()
        finally:
            self._call.cancel()
            await self._call.code()  # wait until it has ended

    async def _wait_for_end(self) -> None:
        with suppress(asyncio.InvalidStateError, asyncio.TimeoutError, grpc.RpcError):
            await self._call.done_writing()
            await asyncio.wait_for(self._call.read(), ENDING_S)


def message(request: StreamRequest) -> Any:
    """Return a request as Triton's message."""
    sent = service_pb2.ModelInferRequest(model_name=request.model)
    for tensor in request.inputs:
        sent.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.array.shape)
        sent.raw_input_contents.append(_content(tensor.array))
    for name in request.outputs:
        sent.outputs.add(name=name)
    _set_parameters(sent.parameters, request.parameters)
    if request.several_responses:  # a decoupled model may end with a response without tensors
        sent.parameters["triton_enable_empty_final_response"].bool_param = True
    if request.place is not None:
        sent.parameters["sequence_id"].string_param = request.place.sequence
        sent.parameters["sequence_start"].bool_param = request.place.start
        sent.parameters["sequence_end"].bool_param = request.place.end
    return sent


def response(model: str, received: Any) -> StreamResponse:
    """Return the content of Triton's message.

    Raises:
        TritoneError: it is an error.
    """
    if received.error_message:
        raise stream_error(received.error_message)
    result = triton.InferResult(received.infer_response)
    parameters = received.infer_response.parameters
    last = "triton_final_response" in parameters and parameters["triton_final_response"].bool_param
    return StreamResponse(model, result.as_numpy, last)


def _set_parameters(target: Any, parameters: Mapping[str, str | int | float | bool]) -> None:
    for name, value in parameters.items():
        match value:
            case bool():  # before int, of which it is a subclass
                target[name].bool_param = value
            case int():
                target[name].int64_param = value
            case float():
                target[name].double_param = value
            case str():
                target[name].string_param = value


def _content(array: np.ndarray[Any, Any]) -> bytes:
    if array.dtype != np.object_:
        return array.tobytes()
    serialised = serialize_byte_tensor(array)
    return bytes(serialised.item()) if serialised.size else b""


def _exception(error: Any) -> InferenceServerException:
    return InferenceServerException(error.details(), status=str(error.code()), debug_details=error)


def _ended(model: str) -> ServerError:
    return ServerError(f"{model}: expected a response to each request, got the end of the stream.")
