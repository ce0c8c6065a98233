"""Ask a server for transcripts or speech, several at a time, with as little work of our own as possible.

The client runs on the server's cores, so what it costs is taken from the server. Requests are therefore
built and serialised once, before the measurement, and sent as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType

import grpc
import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import service_pb2

from perf.bench.clips import Clip

_METHOD = "/inference.GRPCInferenceService/ModelInfer"
_OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
TIMEOUT_S = 300.0


def serialised(clip: Clip, model: str = "speech_to_text") -> bytes:
    """Return one clip's KServe request, ready for the wire."""
    request = service_pb2.ModelInferRequest(model_name=model)
    audio, length = clip[np.newaxis], np.array([[clip.size]], np.int64)
    for name, datatype, array in (("audio", "FP32", audio), ("audio_length", "INT64", length)):
        request.inputs.add(name=name, datatype=datatype, shape=array.shape)
        request.raw_input_contents.append(array.tobytes())
    return request.SerializeToString()


def serialised_text(text: str, seed: int, model: str = "text_to_speech") -> bytes:
    """Return the KServe request to speak one text, ready for the wire."""
    request = service_pb2.ModelInferRequest(model_name=model)
    request.inputs.add(name="text", datatype="BYTES", shape=[1, 1])
    content = text.encode("utf-8")
    request.raw_input_contents.append(len(content).to_bytes(4, "little") + content)
    request.parameters["seed"].int64_param = seed
    return request.SerializeToString()


def output_samples(answer: bytes) -> NDArray[np.float32]:
    """Read the samples of one text from the server's answer."""
    response = service_pb2.ModelInferResponse.FromString(answer)
    contents = {
        output.name: content
        for output, content in zip(response.outputs, response.raw_output_contents, strict=True)
    }
    length = int(np.frombuffer(contents["audio_length"], np.int64)[0])
    return np.frombuffer(contents["audio"], np.float32)[:length]


def output_text(answer: bytes, name: str = "text") -> str:
    """Read a text output from the server's answer."""
    response = service_pb2.ModelInferResponse.FromString(answer)
    position = [output.name for output in response.outputs].index(name)
    # A BYTES tensor: every element behind its length in four bytes; here there is one.
    return response.raw_output_contents[position][4:].decode()


class LoadClient:
    """Keeps a number of requests at work on a server.

    Args:
        url: host:port of its gRPC endpoint.
        concurrency: requests at work at a time, each on a connection of its own.
    """

    def __init__(self, url: str, concurrency: int) -> None:
        self._channels = [
            # Channels of equal options would share one connection.
            grpc.insecure_channel(url, [*_OPTIONS, ("grpc.use_local_subchannel_pool", 1)])
            for _ in range(concurrency)
        ]
        self._calls = [channel.unary_unary(_METHOD) for channel in self._channels]
        self._threads = ThreadPoolExecutor(concurrency)

    @property
    def senders(self) -> list[Callable[[bytes], bytes]]:
        """One function for each connection: sends a request and waits for the answer."""
        return [partial(call, timeout=TIMEOUT_S) for call in self._calls]

    def answers(self, requests: Sequence[bytes]) -> list[bytes]:
        """Send all requests, each as soon as a connection is free; return the answers in order.

        Raises:
            grpc.RpcError: the server answered with an error.
        """
        answers: list[bytes] = [b""] * len(requests)
        waiting = enumerate(requests)  # next() of it is atomic: every request is taken once

        def work(call: grpc.UnaryUnaryMultiCallable) -> None:
            for index, request in waiting:
                answers[index] = call(request, timeout=TIMEOUT_S)

        for finished in [self._threads.submit(work, call) for call in self._calls]:
            finished.result()
        return answers

    def __enter__(self) -> LoadClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown()
        for channel in self._channels:
            channel.close()
