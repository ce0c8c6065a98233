"""Streaming over gRPC, blocking and asyncio, against a server with scripted faults."""

from __future__ import annotations

import asyncio
import gc
import threading
import time

import numpy as np
import pytest
import soxr
from tritone_client import (
    AsyncClient,
    Client,
    Final,
    Interim,
    InvalidRequestError,
    ModelNotFoundError,
    OverloadedError,
    RequestTimeoutError,
    ServerError,
    ServerUnavailableError,
    SpeechStarted,
)

from .conftest import Caller
from .fakes import FaultError, tone

RATE_HZ = 16_000
OVERLOAD = FaultError(
    "UNAVAILABLE", "stream: expected at most 256 streams at a time, got one more; retry later."
)


@pytest.fixture(params=["sync", "asyncio"])
def caller(request):
    return Caller(request.param, "grpc")


def loud(seconds, rate_hz=RATE_HZ):
    return (0.3 * np.sin(np.arange(round(seconds * rate_hz)) * 440 * 2 * np.pi / rate_hz)).astype(np.float32)


def quiet(seconds):
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def pieces(samples, count):
    return [samples[start : start + count] for start in range(0, len(samples), count)]


TWO_SEGMENTS = np.concatenate([loud(1.1), quiet(1), loud(0.6), quiet(0.2)])


def finals(events):
    return [event for event in events if isinstance(event, Final)]


def test_events_come_in_order_with_words_and_times_of_the_whole_stream(caller, urls):
    events = caller(urls["grpc"], "stream_transcription", pieces(TWO_SEGMENTS, 1600))
    kinds = [type(event) for event in events]
    assert kinds == [SpeechStarted, Interim, Interim, Final, SpeechStarted, Interim, Final]
    first, second = finals(events)
    assert (first.text, second.text) == ("Word1 word2.", "Word3.")
    assert [word.word for word in second.transcription.words] == ["word3"]
    assert second.transcription.words[0].start_s == pytest.approx(second.start_s)
    assert second.start_s == 2.1
    assert second.transcription.duration_s == pytest.approx(0.5)
    assert events[1].stable + events[1].unstable == "word1"


@pytest.mark.parametrize("count", [1, 160, 2559, 2560, 2561, 50_000])
def test_any_chunk_length_gives_the_same_finals_and_loses_no_sample(caller, urls, behaviour, count):
    samples = TWO_SEGMENTS[:20_000] if count == 1 else TWO_SEGMENTS
    events = caller(urls["grpc"], "stream_transcription", pieces(samples, count))
    (stream,) = behaviour.streams
    sent = [inputs["audio"][0] for _, inputs, _ in stream.requests]
    assert np.array_equal(np.concatenate(sent), samples)
    assert all(len(block) % 2560 == 0 for block in sent[:-1])
    assert max(map(len, sent)) <= 10_240
    assert len(finals(events)) == (1 if count == 1 else 2)


def test_the_sequence_starts_once_and_ends_once_under_one_id(caller, urls, behaviour):
    caller(urls["grpc"], "stream_transcription", pieces(TWO_SEGMENTS, 2560))
    (stream,) = behaviour.streams
    places = [parameters for *_, parameters in stream.requests]
    assert [place["sequence_start"] for place in places] == [True] + [False] * (len(places) - 1)
    assert [place["sequence_end"] for place in places] == [False] * (len(places) - 1) + [True]
    assert len({place["sequence_id"] for place in places}) == 1
    assert "triton_grpc_error" not in stream.metadata  # Triton 2.51 crashes with it
    assert stream.responses == len(stream.requests)


def test_16_bit_samples_are_sent_as_they_are(caller, urls, behaviour):
    samples = (TWO_SEGMENTS * 32767).astype(np.int16)
    events = caller(urls["grpc"], "stream_transcription", pieces(samples, 4000))
    content = samples.astype("<i2").tobytes()
    odd = [content[start : start + 333] for start in range(0, len(content), 333)]
    assert caller(urls["grpc"], "stream_transcription", odd) == events
    for stream in behaviour.streams:
        sent = [inputs["audio_pcm16"][0] for _, inputs, _ in stream.requests]
        assert np.array_equal(np.concatenate(sent), samples)


def test_other_sample_rates_are_resampled_as_one_signal(caller, urls, behaviour):
    samples = loud(2.0, 44_100)
    caller(urls["grpc"], "stream_transcription", pieces(samples, 441), keywords={"sample_rate_hz": 44_100})
    sent = np.concatenate([inputs["audio"][0] for _, inputs, _ in behaviour.streams[0].requests])
    expected = soxr.resample(samples, 44_100, RATE_HZ)
    assert abs(len(sent) - len(expected)) <= 1
    shortest = min(len(sent), len(expected))
    assert np.abs(sent[:shortest] - expected[:shortest]).max() < 1e-3


def test_options_are_sent_with_the_first_request(caller, urls, behaviour):
    keywords = {
        "interim": False, "written": True, "decoder": "greedy", "boost": {"Hester": 8}, "vad": "off",
        "stop_history_ms": 500,
    }  # fmt: skip
    events = caller(urls["grpc"], "stream_transcription", pieces(TWO_SEGMENTS, 8000), keywords=keywords)
    first, *others = (parameters for *_, parameters in behaviour.streams[0].requests)
    sent = {name: value for name, value in first.items() if not name.startswith("sequence")}
    assert sent == {**keywords, "interim": "off", "written": "on", "boost": '{"Hester": 8.0}'}
    assert all(name.startswith("sequence") for parameters in others for name in parameters)
    assert [final.text for final in finals(events)] == ["WORD1 WORD2.", "WORD3."]
    assert not any(isinstance(event, Interim) for event in events)


def test_no_audio_gives_no_event_and_asks_no_server(caller, free_port):
    assert caller(f"localhost:{free_port}", "stream_transcription", []) == []
    assert caller(f"localhost:{free_port}", "stream_transcription", [b"", quiet(0)]) == []


@pytest.mark.parametrize(
    ("chunk", "error", "message"),
    [
        (np.zeros(10), InvalidRequestError, "expected float32 samples in"),
        (np.zeros((10, 2), np.float32), InvalidRequestError, "mix the channels"),
        (np.full(10, np.nan, np.float32), InvalidRequestError, "finite"),
        (np.full(10, 3000, np.float32), InvalidRequestError, "peak of 3000"),
        (b"\0", InvalidRequestError, "whole 16-bit samples"),
        ("text", TypeError, "expected numpy arrays or bytes"),
    ],
)
def test_unsuitable_chunks_are_refused_before_they_are_sent(caller, urls, chunk, error, message):
    with pytest.raises(error, match=message):
        caller(urls["grpc"], "stream_transcription", [loud(0.1), chunk])


@pytest.mark.parametrize(
    ("chunks", "keywords", "error"),
    [
        (b"\0\0", {}, TypeError),
        (quiet(1), {}, TypeError),
        ([], {"sample_rate_hz": 0}, InvalidRequestError),
        ([], {"sample_rate_hz": 16_000.0}, TypeError),
        ([], {"stop_history_ms": 99}, InvalidRequestError),
        ([], {"stop_history_ms": "800"}, TypeError),
        ([], {"decoder": "best"}, InvalidRequestError),
    ],
)
def test_wrong_arguments_are_refused_at_the_call(urls, chunks, keywords, error):
    with Client(urls["grpc"]) as client, pytest.raises(error):
        client.stream_transcription(chunks, **keywords)


@pytest.mark.parametrize(("method", "given"), [("stream_transcription", []), ("stream_synthesis", "Hello.")])
@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_http_is_refused_with_the_remedy(urls, kind, method, given):
    with pytest.raises(InvalidRequestError, match="connect with grpc"):
        Caller(kind, "http")(urls["http"], method, given)


def test_an_overloaded_server_is_asked_again_until_it_takes_the_first_chunk(caller, urls, behaviour):
    behaviour.stream_faults[0] = OVERLOAD
    events = caller(urls["grpc"], "stream_transcription", pieces(TWO_SEGMENTS, 2560))
    assert len(finals(events)) == 2
    first, second = behaviour.streams
    assert len(first.requests) == 1
    assert np.array_equal(first.requests[0][1]["audio"], second.requests[0][1]["audio"])


def test_without_patience_an_overloaded_server_is_reported_at_once(caller, urls, behaviour):
    behaviour.stream_faults[0] = OVERLOAD
    with pytest.raises(OverloadedError, match="expected at most 256 streams"):
        caller(urls["grpc"], "stream_transcription", [loud(1)], overload_wait_s=0)
    assert len(behaviour.streams) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (
            FaultError("UNAVAILABLE", "stream: expected a server that goes on, got one that stops; retry."),
            ServerUnavailableError,
        ),
        (FaultError("INTERNAL", "internal error (KeyError); the server's log has the details."), ServerError),
        (
            FaultError(
                "INVALID_ARGUMENT",
                "stream: expected one that has been started, got another. Start a new stream.",
            ),
            InvalidRequestError,
        ),
    ],
)
def test_a_failure_after_the_first_chunk_is_reported_and_never_retried(caller, urls, behaviour, fault, error):
    behaviour.stream_faults[2] = fault
    with pytest.raises(error):
        caller(urls["grpc"], "stream_transcription", pieces(TWO_SEGMENTS, 2560))
    assert len(behaviour.streams) == 1


def test_a_server_without_the_model_says_so(caller, urls, behaviour):
    del behaviour.models["asr_stream"]
    with pytest.raises(ModelNotFoundError):
        caller(urls["grpc"], "stream_transcription", [loud(1)])


def test_an_address_that_does_not_answer_is_reported_after_the_retries(caller, free_port):
    with pytest.raises(ServerUnavailableError, match="unavailable over gRPC"):
        caller(f"localhost:{free_port}", "stream_transcription", [loud(1)], retries=1)


def test_a_response_that_does_not_come_in_time_is_a_timeout(caller, urls, behaviour):
    behaviour.stream_hangs = True
    with pytest.raises(RequestTimeoutError, match=r"within 0\.3 s"):
        caller(urls["grpc"], "stream_transcription", [loud(1)], timeout_s=0.3)
    assert behaviour.streams[0].closed.wait(5)


def test_a_named_recogniser_has_a_stream_of_its_own(caller, urls, behaviour):
    behaviour.models["asr_stream_parakeet"] = True
    with pytest.raises(ServerError):  # the scripted server has no such recogniser, and says so by its name
        caller(urls["grpc"], "stream_transcription", [loud(1)], model="parakeet")
    assert behaviour.streams[0].requests[0][0] == "asr_stream_parakeet"


class ProducerError(Exception):
    pass


def test_an_exception_of_the_producer_reaches_the_consumer_and_ends_the_stream(caller, urls, behaviour):
    def produce():
        yield loud(1)
        raise ProducerError

    with pytest.raises(ProducerError):
        caller(urls["grpc"], "stream_transcription", produce())
    assert behaviour.streams[0].closed.wait(5)


def test_the_next_chunk_is_taken_only_when_the_consumer_asks_for_an_event(urls):
    taken = []

    def produce():
        for number in range(20):
            taken.append(number)
            yield loud(0.5)

    with Client(urls["grpc"]) as client:
        events = client.stream_transcription(produce())
        next(events)
        time.sleep(0.2)
        assert len(taken) < 5
        events.close()


def test_closing_early_cancels_the_stream_and_leaves_no_thread(urls, behaviour):
    with Client(urls["grpc"]) as client:
        before = threading.active_count()
        for _ in range(10):
            events = client.stream_transcription(iter([loud(1)] * 50))
            next(events)
            events.close()
        for stream in behaviour.streams:
            assert stream.closed.wait(5)
        deadline = time.monotonic() + 10
        while threading.active_count() > before + 2 and time.monotonic() < deadline:
            time.sleep(0.05)  # gRPC ends the threads of a call on its own time
        left = [thread.name for thread in threading.enumerate()]
    assert len(left) <= before + 2, left


async def test_closing_early_cancels_the_stream_and_leaves_no_task(urls, behaviour):
    async with AsyncClient(urls["grpc"]) as client:

        async def produce():
            while True:
                yield loud(1)

        for _ in range(10):
            events = client.stream_transcription(produce())
            await anext(events)
            await events.aclose()
        for stream in behaviour.streams:
            assert await asyncio.to_thread(stream.closed.wait, 5)
        del events
        gc.collect()
        await asyncio.sleep(0.2)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not [task for task in left if "grpc" not in repr(task)], left


async def test_a_cancelled_consumer_ends_the_stream(urls, behaviour):
    async with AsyncClient(urls["grpc"]) as client:

        async def produce():
            yield loud(1)
            await asyncio.sleep(60)

        async def consume():
            async for _ in client.stream_transcription(produce()):
                pass

        consuming = asyncio.create_task(consume())
        while not (behaviour.streams and behaviour.streams[0].responses):
            await asyncio.sleep(0.01)
        consuming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consuming
        assert await asyncio.to_thread(behaviour.streams[0].closed.wait, 5)


async def test_many_streams_of_one_client_run_at_the_same_time(urls):
    async with AsyncClient(urls["grpc"]) as client:

        async def one():
            return [event async for event in client.stream_transcription(pieces(TWO_SEGMENTS, 2560))]

        results = await asyncio.gather(*(one() for _ in range(16)))
    assert all(result == results[0] for result in results)
    assert len(finals(results[0])) == 2


def test_a_text_is_spoken_in_chunks_that_make_up_the_whole(caller, urls, behaviour):
    text = "It rained all day."
    chunks = caller(urls["grpc"], "stream_synthesis", text, keywords={"seed": 7, "speed": 1.5})
    assert len(chunks) > 3
    assert {chunk.sample_rate_hz for chunk in chunks} == {RATE_HZ}
    assert np.array_equal(np.concatenate([chunk.samples for chunk in chunks]), tone(text))
    ((model, _, parameters),) = behaviour.streams[0].requests
    assert model == "text_to_speech_stream"
    assert (parameters["seed"], parameters["speed"]) == (7, 1.5)
    assert parameters["triton_enable_empty_final_response"]


def test_a_stream_that_was_answered_is_ended_and_not_cancelled(caller, urls, behaviour):
    caller(urls["grpc"], "stream_synthesis", "It rained all day.")
    assert behaviour.streams[0].ended.wait(5)


def test_pieces_of_a_text_are_spoken_as_sentences_are_complete(caller, urls, behaviour):
    order = []

    def write():
        for piece in ("It ", "rained", ". ", "Then ", "the ", "sun ", "shone"):
            order.append(piece)
            yield piece

    chunks = caller(urls["grpc"], "stream_synthesis", write())
    spoken = np.concatenate([chunk.samples for chunk in chunks])
    assert np.array_equal(spoken, np.concatenate([tone("It rained."), tone("Then the sun shone")]))
    sent = [inputs["text"][0, 0] for _, inputs, _ in behaviour.streams[0].requests]
    assert b"".join(sent) == b"It rained. Then the sun shone"
    assert len(sent) == 2


def test_speech_of_a_sentence_comes_before_the_next_piece_is_taken(urls):
    taken = []

    def write():
        for piece in ("It rained. ", "Then the sun shone."):
            taken.append(piece)
            yield piece

    with Client(urls["grpc"]) as client:
        speech = client.stream_synthesis(write())
        assert next(speech).samples.size
        assert len(taken) == 1
        speech.close()


def test_no_text_at_all_gives_no_speech(caller, free_port):
    assert caller(f"localhost:{free_port}", "stream_synthesis", ["", " \n"]) == []


@pytest.mark.parametrize("text", [b"Hello.", 7, None, [b"Hello."], [7]])
def test_other_things_than_texts_are_refused(caller, urls, text):
    with pytest.raises(TypeError, match="expected str"):
        caller(urls["grpc"], "stream_synthesis", text)


def test_an_overloaded_voice_is_asked_again_before_the_first_chunk(caller, urls, behaviour):
    behaviour.stream_faults[0] = FaultError(
        "UNAVAILABLE", "expected at most 64 waiting requests, got one more; retry later."
    )
    assert caller(urls["grpc"], "stream_synthesis", "It rained.")
    assert len(behaviour.streams) == 2


def test_closing_synthesis_early_cancels_it(urls, behaviour):
    with Client(urls["grpc"]) as client:
        speech = client.stream_synthesis("It rained. " * 2000)
        next(speech)
        speech.close()
    assert behaviour.streams[0].closed.wait(5)
    assert behaviour.streams[0].responses < 400
