"""Send streams over gRPC, and check what comes back against the pipeline of whole recordings."""

from __future__ import annotations

import queue
from contextlib import contextmanager

import numpy as np
import tritonclient.grpc as triton

from .conftest import batch, tensor

RATE = 16_000
TIMEOUT_S = 60


class LiveStream:
    """One sequence of chunks on a connection of its own.

    Args:
        url: of the gRPC endpoint.
        key: correlation ID.
        model: that is asked.
    """

    def __init__(self, url, key, model="asr_stream"):
        self.key, self.model = key, model
        self._client = triton.InferenceServerClient(url)
        self._answers = queue.Queue()
        self._client.start_stream(lambda result, error: self._answers.put((result, error)))

    def send(self, samples, *, start=False, end=False, parameters=None, name="audio"):
        """Send a chunk without waiting for the answer."""
        inputs = [] if samples is None else [tensor(name, samples[np.newaxis])]
        self.send_inputs(inputs, start=start, end=end, parameters=parameters)

    def send_inputs(self, inputs, *, start=False, end=False, parameters=None):
        self._client.async_stream_infer(
            self.model,
            inputs,
            sequence_id=self.key,
            sequence_start=start,
            sequence_end=end,
            parameters=parameters,
        )

    def answer(self):
        """Return the outputs of the next response by name, without the batch; raise its error."""
        result, error = self._answers.get(timeout=TIMEOUT_S)
        if error is not None:
            raise error
        outputs = {output.name: result.as_numpy(output.name)[0] for output in result.get_response().outputs}
        return {name: (value.tolist() if value.dtype == object else value) for name, value in outputs.items()}

    def ask(self, samples, **how):
        """Send a chunk and return its answer."""
        self.send(samples, **how)
        return self.answer()

    def close(self):
        self._client.stop_stream()
        self._client.close()


@contextmanager
def live(server, key, **how):
    stream = LiveStream(server.grpc_url, key, **how)
    try:
        yield stream
    finally:
        stream.close()


def pieces(samples, lengths):
    """Cut samples into chunks of the given lengths, again from the first one after the last one."""
    chunks, at, number = [], 0, 0
    while at < samples.size:
        length = lengths[number % len(lengths)]
        chunks.append(samples[at : at + length])
        at, number = at + length, number + 1
    return chunks


def run(server, key, chunks, parameters=None, name="audio", model="asr_stream"):
    """Stream all chunks and return their answers."""
    with live(server, key, model=model) as stream:
        last = len(chunks) - 1
        return [
            stream.ask(
                chunk,
                start=index == 0,
                end=index == last,
                parameters=parameters if index == 0 else None,
                name=name,
            )
            for index, chunk in enumerate(chunks)
        ]


def finals(answers):
    return [answer for answer in answers if answer["is_final"][0]]


def bounds(final):
    """First sample of a final segment, and one past the last."""
    return tuple(round(float(final[name][0]) * RATE) for name in ("segment_start_s", "segment_end_s"))


def offline(infer, samples, parameters=None, pipeline="speech_to_text"):
    """What the pipeline of whole recordings says."""
    outputs = infer(pipeline, {"vad": "on", **(parameters or {})}, **batch(samples))
    return {name: value[0].tolist() if value.dtype == object else value[0] for name, value in outputs.items()}


def noise(seconds, level=1e-4, seed=0):
    return (np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * level).astype(np.float32)
