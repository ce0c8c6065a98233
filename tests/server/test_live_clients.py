"""Streams of the client library and of `tritone listen`, on the real server."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import numpy as np
import pytest
from tritone_client import (
    AsyncClient,
    Client,
    Final,
    Interim,
    InvalidRequestError,
    ModelNotFoundError,
    SpeechStarted,
)

from tritone.audio.decoding import decode_audio

from .conftest import RECORDINGS

TRITONE = [sys.executable, "-m", "tritone_client.command"]
RATE_HZ = 16_000
FLAC = RECORDINGS / "prison_slt.flac"
TEXT = "It rained all day. Then the sun shone, and everybody went out."


@pytest.fixture(scope="module")
def client(server):
    with Client(server.grpc_url) as connected:
        yield connected


@pytest.fixture(scope="module")
def speech():
    return decode_audio(FLAC.read_bytes(), 60)


def chunks(samples, milliseconds):
    count = RATE_HZ * milliseconds // 1000
    return [samples[start : start + count] for start in range(0, samples.size, count)]


def finals(events):
    return [event for event in events if isinstance(event, Final)]


def segment(samples, final):
    return samples[round(final.start_s * RATE_HZ) : round(final.end_s * RATE_HZ)]


def test_a_final_is_what_the_pipeline_recognises_in_its_segment(client, speech):
    pause = (np.random.default_rng(0).standard_normal(2 * RATE_HZ) * 1e-4).astype(np.float32)
    samples = np.concatenate([speech, pause, speech[: 4 * RATE_HZ], pause])
    events = list(client.stream_transcription(chunks(samples, 100), written=True))
    assert len(finals(events)) == 2
    for final in finals(events):
        whole = client.transcribe(segment(samples, final), written=True)
        transcription = final.transcription
        assert (transcription.transcript, transcription.text) == (whole.transcript, whole.text)
        assert transcription.written_text == final.text == whole.written_text
        starts = [word.start_s + final.start_s for word in whole.words]
        assert [word.start_s for word in transcription.words] == pytest.approx(starts, abs=1e-3)


def test_speech_starts_before_interims_and_they_grow_before_the_final(client, speech):
    kinds = [type(event) for event in client.stream_transcription(chunks(speech, 160))]
    assert kinds[0] is SpeechStarted
    assert kinds[-1] is Final
    assert kinds.count(Interim) > 5


@pytest.mark.parametrize("milliseconds", [10, 100, 1000])
def test_chunk_lengths_and_sample_types_give_the_same_text(client, speech, milliseconds):
    pcm16 = np.round(speech * 32767).astype(np.int16)
    given = chunks(pcm16, milliseconds)
    texts = {
        "".join(final.text for final in finals(client.stream_transcription(audio, interim=False)))
        for audio in (given, [chunk.tobytes() for chunk in given])
    }
    assert len(texts) == 1
    assert texts.pop()


async def test_asynchronous_streams_run_side_by_side(server, client, speech):
    expected = [final.text for final in finals(client.stream_transcription(chunks(speech, 160)))]

    async def live():
        for chunk in chunks(speech, 160):
            await asyncio.sleep(0)
            yield chunk

    async with AsyncClient(server.grpc_url) as connected:

        async def one():
            return [event async for event in connected.stream_transcription(live())]

        results = await asyncio.gather(*(one() for _ in range(8)))
    for events in results:
        assert [final.text for final in finals(events)] == expected


def test_a_stream_that_is_closed_early_does_not_disturb_the_others(client, speech):
    events = client.stream_transcription(chunks(speech, 160))
    assert isinstance(next(events), SpeechStarted)
    events.close()
    assert finals(client.stream_transcription(chunks(speech, 160)))


def test_refusals_of_the_server_are_typed(client, speech):
    with pytest.raises(InvalidRequestError, match="boost"):
        list(client.stream_transcription([speech], boost={"x1": 5}))


def test_a_recogniser_that_is_not_served_is_named(server, speech):
    with Client(server.grpc_url, model="nope") as named, pytest.raises(ModelNotFoundError, match="nope"):
        list(named.stream_transcription([speech]))


def test_joined_chunks_of_speech_are_those_of_the_whole(client):
    streamed = list(client.stream_synthesis(TEXT, seed=7))
    assert len(streamed) > 2
    assert {chunk.sample_rate_hz for chunk in streamed} == {client.synthesize("Hello.").sample_rate_hz}
    joined = np.concatenate([chunk.samples for chunk in streamed])
    np.testing.assert_array_equal(joined, client.synthesize(TEXT, seed=7).samples)


def test_pieces_of_a_text_are_spoken_sentence_by_sentence(client):
    taken = []

    def write():
        for word in TEXT.split():
            taken.append(word)
            yield f"{word} "

    spoken = client.stream_synthesis(write(), seed=7)
    first = next(spoken)
    assert len(taken) < len(TEXT.split())
    rest = np.concatenate([first.samples, *(chunk.samples for chunk in spoken)])
    whole = client.synthesize(TEXT, seed=7)
    assert rest.size == pytest.approx(whole.samples.size, rel=0.2)


async def test_asynchronous_speech_can_be_stopped(server):
    async with AsyncClient(server.grpc_url) as connected:
        spoken = connected.stream_synthesis(TEXT * 20)
        assert (await anext(spoken)).samples.size
        await spoken.aclose()
        assert [chunk async for chunk in connected.stream_synthesis("Hello.")]


def listen(server, *arguments, stdin=None):
    command = [*TRITONE, "listen", *map(str, arguments), "--url", server.grpc_url]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=120, check=False)


def test_listening_to_a_file_prints_what_transcribing_it_prints(server):
    transcribed = subprocess.run(
        [*TRITONE, "transcribe", str(FLAC), "--url", server.grpc_url], capture_output=True, check=True
    )
    done = listen(server, FLAC)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == transcribed.stdout


def test_listening_to_a_pipe_gives_events_as_json(server, speech):
    content = np.round(speech * 32767).astype("<i2").tobytes()
    done = listen(server, "-", "--format", "json", "--interim", stdin=content)
    assert (done.returncode, done.stderr) == (0, b"")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {event["event"] for event in events} == {"speech_started", "interim", "final"}
    assert [word["word"] for word in events[-1]["words"]] == events[-1]["transcript"].split()


def test_captions_of_a_stream_are_in_order(server):
    done = listen(server, RECORDINGS / "digits_rms_8000hz.wav", "--format", "srt")
    numbers = [int(block.splitlines()[0]) for block in done.stdout.decode().strip().split("\n\n")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers
