"""Limits of streams: places, abandoned streams, overload of the final pass, and the end of the server."""

from __future__ import annotations

import time

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from tritone.server import Ports, ServerOptions, TritonServer
from tritone.server.stream_ending import open_streams

from .conftest import tensor
from .small import small_server
from .streams import live, pieces

PLACES, IDLE_S = 2, 3


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A server with two places for streams."""
    folder = tmp_path_factory.mktemp("places")
    with small_server(folder, max_streams=PLACES, idle_s=IDLE_S) as server:
        yield server


def wait_until(condition, timeout_s=20):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_stream_without_a_place_is_refused_at_its_start(small, recordings):
    samples = recordings["digits_us_f2.flac"]
    with live(small, 1) as first, live(small, "second") as second, live(small, 3) as third:
        for stream in (first, second):
            stream.ask(samples[:8_000], start=True)
        assert open_streams(small.metrics_url) == PLACES
        with pytest.raises(InferenceServerException, match="expected at most 2 streams at a time"):
            third.ask(samples, start=True)
        inputs = [tensor("audio", samples[np.newaxis])]
        with (
            triton.InferenceServerClient(small.grpc_url) as client,
            pytest.raises(InferenceServerException, match="expected at most 2 streams at a time") as refused,
        ):
            client.infer("asr_stream", inputs, sequence_id=33, sequence_start=True)
        assert "UNAVAILABLE" in refused.value.status()
        assert second.ask(samples[8_000:], end=True)["is_final"][0]
        assert third.ask(samples, start=True, end=True)["is_final"][0]
        assert first.ask(samples[8_000:], end=True)["is_final"][0]
    assert open_streams(small.metrics_url) == 0


def test_abandoned_streams_lose_their_places(small, recordings):
    samples = recordings["digits_us_f2.flac"]
    with live(small, 4) as quiet, live(small, 5) as other:
        for stream in (quiet, other):
            stream.ask(samples[:8_000], start=True)
        wait_until(lambda: open_streams(small.metrics_url) == 0)
        with pytest.raises(InferenceServerException, match=f"had no chunk for {IDLE_S} s"):
            quiet.ask(samples[8_000:])
        assert quiet.ask(samples, start=True, end=True)["is_final"][0]


def test_a_client_that_disconnects_loses_its_place(small, recordings):
    with live(small, 6) as stream:
        stream.ask(recordings["digits_us_f2.flac"][:8_000], start=True)
        assert open_streams(small.metrics_url) == 1
    wait_until(lambda: open_streams(small.metrics_url) == 0)


def test_a_stopping_server_ends_streams_with_their_final_results(recordings, tmp_path):
    samples = recordings["report_us.flac"]
    chunks = pieces(samples, [5_120])
    server = TritonServer(ServerOptions(ports=Ports.free()), log=tmp_path / "tritonserver.log")
    with server, live(server, 7) as stream, live(server, 8) as idle:
        idle.ask(samples[:8_000], start=True)
        for index, chunk in enumerate(chunks[:10]):
            stream.ask(chunk, start=index == 0)
        stopped = _stop_in_background(server)
        answers = []
        for chunk in chunks[10:]:
            time.sleep(0.3)
            answers.append(stream.ask(chunk))
            if answers[-1]["is_final"][0]:
                break
        assert answers[-1]["is_final"][0]
        assert len(answers[-1]["word"]) > 3
        with pytest.raises(InferenceServerException, match="got one that stops"):
            stream.ask(chunks[-1])
        # The other client keeps its connection, which Triton would wait for.
        assert stopped() == 0


def test_a_final_pass_waits_for_a_place_in_the_recogniser(tmp_path, recordings):
    """Segments are not lost while the pipeline refuses requests."""
    samples = recordings["digits_us_f2.flac"]
    minutes = np.tile(recordings["report_us.flac"], 20)
    with small_server(tmp_path, requests_in_flight=1, queue_requests=1) as server:
        callers = [triton.InferenceServerClient(server.grpc_url) for _ in range(3)]
        inputs = [
            triton.InferInput("audio", [1, minutes.size], "FP32"),
            triton.InferInput("audio_length", [1, 1], "INT64"),
        ]
        inputs[0].set_data_from_numpy(minutes[np.newaxis])
        inputs[1].set_data_from_numpy(np.array([[minutes.size]], np.int64))
        refused = []
        for caller in callers:
            caller.async_infer("speech_to_text", inputs, lambda result, error: refused.append(error))
        wait_until(lambda: any(error is not None for error in refused))
        with live(server, 9) as stream:
            final = stream.ask(samples, start=True, end=True)
        assert final["transcript"][0]
        for caller in callers:
            caller.close()


def _stop_in_background(server):
    import threading

    codes = []
    thread = threading.Thread(target=lambda: codes.append(server.stop()))
    thread.start()

    def code():
        thread.join(60)
        return codes[0]

    return code
