"""Streams of synthesis over Triton's own client."""

from __future__ import annotations

import queue
from contextlib import contextmanager

import tritonclient.grpc as triton

from .conftest import tensor, text


class Stream:
    """One connection for streams."""

    def __init__(self, url, model="text_to_speech_stream", **options):
        self.model = model
        self.client = triton.InferenceServerClient(url)
        self._responses = queue.Queue()
        self.client.start_stream(lambda result, error: self._responses.put((result, error)), **options)

    def send(self, value, parameters=None, **options):
        inputs = [tensor("text", text(value))]
        options = {"enable_empty_final_response": True, **options}
        self.client.async_stream_infer(self.model, inputs, parameters=parameters or {}, **options)

    def receive(self):
        """Return the next chunk, or None with the final flag; raise its error."""
        result, error = self._responses.get(timeout=60)
        if error is not None:
            raise error
        audio = result.as_numpy("audio")
        if audio is None:
            assert result.get_response().parameters["triton_final_response"].bool_param
            return None
        assert not result.get_response().parameters["triton_final_response"].bool_param
        assert result.as_numpy("sample_rate_hz").shape == (1, 1)
        return audio[0]

    def chunks(self, requests=1):
        """Return all chunks of some requests, up to their final flags."""
        found = []
        while requests:
            chunk = self.receive()
            if chunk is None:
                requests -= 1
            else:
                found.append(chunk)
        return found


@contextmanager
def connected(url, **options):
    stream = Stream(url, **options)
    try:
        yield stream
    finally:
        stream.client.stop_stream(cancel_requests=True)
        stream.client.close()
