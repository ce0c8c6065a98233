"""text_to_speech_stream on the real server: chunks, pieces of a text, cancellation, refusals."""

from __future__ import annotations

import itertools
import queue
import time
from contextlib import ExitStack
from threading import Thread

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from tritone.server import Ports, ServerOptions, TritonServer

from .conftest import settled, stand_in_only, tensor, text
from .small import small_server
from .speech_streams import connected

MODEL = "text_to_speech_stream"
SENTENCE = "He does not appear to have been able to establish meaningful relationships with other people."
PARAGRAPHS = f'Hello. {SENTENCE} "Why not?" asked Dr. Smith.\n\nIt cost $3.50, i.e. too much. {SENTENCE} Yes!'
LONG = " ".join([SENTENCE] * 40)
ids = itertools.count(1)


@pytest.fixture
def stream(server):
    with connected(server.grpc_url) as made:
        yield made


@pytest.fixture(scope="module")
def whole(infer):
    def speak(value, **parameters):
        return infer("text_to_speech", {"seed": 7, **parameters}, text=text(value))["audio"][0]

    return speak


def in_pieces(stream, value, size, seed=7, key=None):
    key = key or next(ids)
    pieces = [value[start : start + size] for start in range(0, len(value), size)]
    for index, piece in enumerate(pieces):
        ends = index == len(pieces) - 1
        parameters = {"seed": seed} if index == 0 else {}
        stream.send(piece, parameters, sequence_id=key, sequence_start=index == 0, sequence_end=ends)
    return len(pieces)


def calls(client, model="tts_waveglow"):
    (statistics,) = client.get_inference_statistics(model).model_stats
    return statistics.execution_count


@pytest.mark.parametrize("value", ["No.", "Hello there.", SENTENCE, PARAGRAPHS, LONG], ids=len)
def test_chunks_join_to_text_to_speech_sample_for_sample(stream, whole, value):
    stream.send(value, {"seed": 7})
    chunks = stream.chunks()
    np.testing.assert_array_equal(np.concatenate(chunks), whole(value))
    assert len(chunks) > 1 or len(value) < 10
    assert chunks[0].size <= 16_000 // 2


@pytest.mark.parametrize(
    "asked",
    [{"denoise": "0.1"}, {"speed": "1.3"}, {"speed": "0.7", "denoise": "1"}, {"sigma": "0.2"}],
    ids=str,
)
def test_parameters_are_those_of_text_to_speech(stream, whole, asked):
    stream.send(PARAGRAPHS, {"seed": 3, **asked})
    np.testing.assert_array_equal(np.concatenate(stream.chunks()), whole(PARAGRAPHS, **{"seed": 3, **asked}))


@pytest.mark.parametrize("size", [1, 7, 60, 10_000])
def test_pieces_join_to_text_to_speech_sample_for_sample(stream, whole, size):
    requests = in_pieces(stream, PARAGRAPHS, size)
    np.testing.assert_array_equal(np.concatenate(stream.chunks(requests)), whole(PARAGRAPHS))


def test_a_sentence_is_spoken_before_the_text_ends(stream, whole):
    key = next(ids)
    stream.send(f"{SENTENCE} A", {"seed": 7}, sequence_id=key, sequence_start=True)
    first = np.concatenate(stream.chunks())
    stream.send("nd so", sequence_id=key)
    assert stream.chunks() == []
    stream.send(" on.", sequence_id=key, sequence_end=True)
    rest = np.concatenate(stream.chunks())
    np.testing.assert_array_equal(np.concatenate([first, rest]), whole(f"{SENTENCE} And so on."))


def test_ids_may_be_strings_and_are_free_again_after_the_end(stream, whole):
    for _ in range(2):
        requests = in_pieces(stream, PARAGRAPHS, 40, key="a-conversation")
        np.testing.assert_array_equal(np.concatenate(stream.chunks(requests)), whole(PARAGRAPHS))


def test_many_streams_at_once_do_not_disturb_each_other(server, whole):
    values = [f"{PARAGRAPHS} {'Once more. ' * number}" for number in range(8)]
    with ExitStack() as open_ones:
        streams = [open_ones.enter_context(connected(server.grpc_url)) for _ in values]
        counts = []
        for number, (one, value) in enumerate(zip(streams, values, strict=True)):
            if number % 2:
                one.send(value, {"seed": number})
                counts.append(1)
            else:
                counts.append(in_pieces(one, value, 11, number))
        for number, (one, value, count) in enumerate(zip(streams, values, counts, strict=True)):
            np.testing.assert_array_equal(np.concatenate(one.chunks(count)), whole(value, seed=number))


@pytest.mark.parametrize(
    ("value", "parameters", "says"),
    [
        ("...", {}, "text: expected at least one letter"),
        (b"\xff", {}, "text: expected UTF-8"),
        ("Привет", {}, "expected English in Latin letters"),
        ("a" * 20_001, {}, "text: expected at most 20000 characters"),
        ("Good.", {"seed": -1}, "parameter seed: expected a whole number"),
        ("Good.", {"speed": "3"}, "parameter speed: expected a number from 0.5 to 2"),
        ("Good.", {"pitch": "1"}, "parameter pitch: expected none"),
        ("Good.", {"speaker": 0}, "parameter speaker: expected none"),
        (f"{SENTENCE} " * 20 + "Привет", {}, "expected English in Latin letters"),
    ],
    ids=str,
)
def test_what_text_to_speech_refuses_is_refused_before_any_audio(stream, infer, value, parameters, says):
    with pytest.raises(InferenceServerException, match=says):
        infer("text_to_speech", parameters, text=text(value))
    stream.send(value, parameters)
    with pytest.raises(InferenceServerException, match=says) as error:
        stream.receive()
    assert SENTENCE not in str(error.value)
    stream.send("Good.", {"seed": 1})
    assert stream.chunks()


def test_more_than_one_text_in_a_request_is_refused(client):
    with pytest.raises(InferenceServerException, match="batch-size must be <= 1"):
        list(_both(client))


def _both(client):
    answers = queue.Queue()
    client.start_stream(callback=lambda result, error: answers.put((result, error)))
    try:
        client.async_stream_infer(MODEL, [tensor("text", text("One.", "Two."))])
        _, error = answers.get(timeout=30)
        if error:
            raise error
        yield error
    finally:
        client.stop_stream()


def test_a_piece_without_a_start_is_refused(stream):
    stream.send("Hello. ", sequence_id=next(ids))
    with pytest.raises(InferenceServerException, match="got a request without START"):
        stream.receive()


def test_a_piece_after_the_end_is_refused(stream):
    key = next(ids)
    in_pieces(stream, "Hello there.", 100, key=key)
    assert stream.chunks()
    stream.send("Hello. ", sequence_id=key)
    with pytest.raises(InferenceServerException, match="has ended"):
        stream.receive()


def test_a_second_start_is_refused_and_the_first_text_goes_on(stream, whole):
    key = next(ids)
    stream.send("Hello ", {"seed": 7}, sequence_id=key, sequence_start=True)
    assert stream.chunks() == []
    stream.send("Hello ", sequence_id=key, sequence_start=True)
    with pytest.raises(InferenceServerException, match="got START for a sequence that has not ended"):
        stream.receive()
    stream.send("there.", sequence_id=key, sequence_end=True)
    np.testing.assert_array_equal(np.concatenate(stream.chunks()), whole("Hello there."))


def test_an_error_in_a_piece_ends_its_text_and_no_other(server, stream, whole):
    key = next(ids)
    with connected(server.grpc_url) as other:
        other.send("Hello ", {"seed": 7}, sequence_id=next(ids), sequence_start=True)
        stream.send("Hello. A Привет! And", sequence_id=key, sequence_start=True)
        with pytest.raises(InferenceServerException, match="expected English"):
            stream.chunks()
        stream.send("more", sequence_id=key)
        with pytest.raises(InferenceServerException, match="failed"):
            stream.receive()
        assert other.chunks() == []


@pytest.mark.parametrize("pieces", [False, True])
def test_a_cancelled_stream_stops_within_a_chunk(server, client, pieces):
    before = settled(lambda: calls(client))
    with connected(server.grpc_url) as one:
        if pieces:
            one.send(LONG + " And", {"seed": 7}, sequence_id=next(ids), sequence_start=True)
        else:
            one.send(LONG, {"seed": 7})
        one.receive()
    assert settled(lambda: calls(client)) - before < 12  # of more than 40


def test_a_reader_that_does_not_read_gets_all_in_the_end(stream, whole):
    stream.send(LONG, {"seed": 7})
    time.sleep(3)
    np.testing.assert_array_equal(np.concatenate(stream.chunks()), whole(LONG))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A server with few places and short waits."""
    limits = {
        "requests_in_flight": 2,
        "queue_requests": 2,
        "idle_timeout_s": 2,
        "ahead_s": 10,
        "waiting_pieces": 4,
    }
    with small_server(tmp_path_factory.mktemp("small"), **limits) as running:
        yield running


@pytest.fixture
def full(small):
    """The server with both places taken by texts of which nothing more comes, and so free after 2 s."""
    with ExitStack() as open_ones:
        for _ in range(2):
            one = open_ones.enter_context(connected(small.grpc_url))
            one.send("Hello ", sequence_id=next(ids), sequence_start=True)
            assert one.chunks() == []
        yield small
        time.sleep(2.5)


def test_streams_beyond_the_places_are_refused(full):
    with ExitStack() as open_ones:
        waiting = [open_ones.enter_context(connected(full.grpc_url)) for _ in range(2)]
        for one in waiting:
            one.send("Hello there.", {"seed": 1})
        time.sleep(0.2)
        refused = open_ones.enter_context(connected(full.grpc_url))
        refused.send("Hello there.")
        with pytest.raises(InferenceServerException, match="expected at most 2 waiting requests"):
            refused.receive()
        assert all(one.chunks() for one in waiting)


def test_a_stream_that_starts_too_late_is_refused_at_its_deadline(full):
    with connected(full.grpc_url) as late:
        late.send("Hello there.", timeout=300_000)
        with pytest.raises(InferenceServerException, match=r"not started within 0\.3 s"):
            late.receive()


def test_a_text_whose_next_piece_does_not_come_is_ended(small):
    with connected(small.grpc_url) as one:
        key = next(ids)
        one.send("Hello ", sequence_id=key, sequence_start=True)
        assert one.chunks() == []
        time.sleep(2.5)
        one.send("there.", sequence_id=key, sequence_end=True)
        with pytest.raises(InferenceServerException, match="was idle for 2 s"):
            one.receive()


def test_audio_is_sent_a_bounded_time_ahead_of_its_playback(small):
    with connected(small.grpc_url) as one:
        one.send(LONG, {"seed": 7})
        first = one.receive()
        started, samples = time.monotonic(), first.size
        while time.monotonic() < started + 4:
            chunk = one.receive()
            samples += chunk.size
            longest = 10 + (time.monotonic() - started) + 6  # and a chunk
            assert samples / 16_000 < longest
        assert samples / 16_000 > 10


def test_pieces_beyond_the_limit_are_refused(small):
    with connected(small.grpc_url) as one:
        key = next(ids)
        one.send(LONG, {"seed": 7}, sequence_id=key, sequence_start=True)
        for _ in range(5):
            one.send("more ", sequence_id=key)
        with pytest.raises(InferenceServerException, match="expected at most 4 waiting pieces"):
            one.chunks(7)


def test_a_text_is_spoken_to_its_end_when_the_server_stops(tmp_path):
    with TritonServer(ServerOptions(ports=Ports.free()), log=tmp_path / "log") as server:
        with triton.InferenceServerClient(server.grpc_url) as client:
            result = client.infer("text_to_speech", [tensor("text", text(LONG))], parameters={"seed": 7})
        with connected(server.grpc_url) as one:
            one.send(LONG, {"seed": 7})
            first = one.receive()
            stopping = Thread(target=server.stop)
            stopping.start()
            chunks = one.chunks()
        stopping.join()
    np.testing.assert_array_equal(np.concatenate([first, *chunks]), result.as_numpy("audio")[0])


@stand_in_only
def test_a_killed_vocoder_is_called_again(tmp_path_factory):
    """The stream goes on with the same audio when the model is loaded again."""
    from .test_faults import QUICK_EXIT, kill, launched

    with launched(*QUICK_EXIT) as (process, client, _):
        result = client.infer("text_to_speech", [tensor("text", text(LONG))], parameters={"seed": 7})
        with connected(client.url) as one:
            one.send(LONG, {"seed": 7})
            first = one.receive()
            kill(process, "tts_waveglow")
            joined = np.concatenate([first, *one.chunks()])
    np.testing.assert_array_equal(joined, result.as_numpy("audio")[0])
