"""Concurrent gRPC requests for transcripts or speech, at little cost to the client.

The client runs on the server's cores, so its own work is taken from the server's. Requests are therefore
serialised once, before the measurement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType

import grpc
import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import service_pb2
from tritone_client.settings import DEFAULT_TIMEOUT_S
from tritone_client.transports.grpc import CHANNEL_OPTIONS

from perf.instruments.clips import Clip
from perf.instruments.closed_loop import drive
from tritone.contract import SPEECH_TO_TEXT

_METHOD = "/inference.GRPCInferenceService/ModelInfer"


def serialised(clip: Clip, model: str = "speech_to_text", decoder: str | None = None) -> bytes:
    """Return one clip's KServe request, ready for the wire; without a decoder the server chooses."""
    request = service_pb2.ModelInferRequest(model_name=model)
    audio, length = clip[np.newaxis], np.array([[clip.size]], np.int64)
    for name, datatype, array in (("audio", "FP32", audio), ("audio_length", "INT64", length)):
        request.inputs.add(name=name, datatype=datatype, shape=array.shape)
        request.raw_input_contents.append(array.tobytes())
    for output in SPEECH_TO_TEXT.outputs:
        if not output.name.startswith("written"):  # figures are computed for those who ask
            request.outputs.add(name=output.name)
    if decoder is not None:
        request.parameters["decoder"].string_param = decoder
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
    # A BYTES tensor: four bytes with the length before each element; here there is one element.
    return response.raw_output_contents[position][4:].decode()


class LoadClient:
    """Keeps a number of requests in flight on a server.

    Args:
        url: host:port of its gRPC endpoint.
        concurrency: requests in flight at a time, each on its own connection.
    """

    def __init__(self, url: str, concurrency: int) -> None:
        # Channels of equal options would share one connection.
        options = [*CHANNEL_OPTIONS, ("grpc.use_local_subchannel_pool", 1)]
        self._channels = [grpc.insecure_channel(url, options) for _ in range(concurrency)]
        self.senders: list[Callable[[bytes], bytes]] = [  # each sends a request and waits for the answer
            partial(channel.unary_unary(_METHOD), timeout=DEFAULT_TIMEOUT_S) for channel in self._channels
        ]

    def answers(self, requests: Sequence[bytes]) -> list[bytes]:
        """Send all requests, each as soon as a connection is free; return the answers in order.

        Raises:
            grpc.RpcError: the server answered with an error.
        """
        return drive(self.senders, requests).answers

    def __enter__(self) -> LoadClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for channel in self._channels:
            channel.close()
