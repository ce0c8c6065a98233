"""Live transcription by the real recogniser."""

import asyncio
import hashlib

import numpy as np
import pytest
import websockets
from tritone_client import Client

from tests.gateway.listen.talking import (
    RAW,
    RECORDINGS,
    Call,
    call,
    recording,
    results,
    silence,
    transcripts,
    url,
)


@pytest.fixture(scope="module")
def spoken():
    return recording("digits_kal.flac")


async def heard(gateway, samples, query=RAW, piece=3200):
    async with call(gateway, query) as caller:
        await caller.say(samples, piece)
        await caller.tell("CloseStream")
        messages = await caller.rest()
        assert caller.close[0] == 1000
        return messages


async def test_a_recording_is_transcribed_as_the_client_does(gateway, server, spoken):
    with Client(server.grpc_url) as client:
        expected = client.transcribe("demo/recordings/digits_kal.flac", written=True)
    plain = transcripts(await heard(gateway, spoken))
    punctuated = transcripts(await heard(gateway, spoken, RAW + "&punctuate=true"))
    written = transcripts(await heard(gateway, spoken, RAW + "&smart_format=true"))
    assert (plain, punctuated, written) == ([expected.transcript], [expected.text], [expected.written_text])


async def test_words_have_times_and_confidence(gateway, spoken):
    (final,) = results(await heard(gateway, spoken, RAW + "&punctuate=true"))
    alternative = final["channel"]["alternatives"][0]
    words = alternative["words"]
    assert [word["punctuated_word"] for word in words] == alternative["transcript"].split()
    times = [time for word in words for time in (word["start"], word["end"])]
    assert times == sorted(times)
    assert final["start"] <= times[0] < times[-1] <= final["start"] + final["duration"]
    assert alternative["confidence"] == pytest.approx(
        np.mean([word["confidence"] for word in words]), abs=1e-3
    )


async def test_interim_results_grow_and_come_before_the_final_one(gateway):
    messages = results(await heard(gateway, recording("novel_awb.flac"), RAW + "&interim_results=true"))
    interim = [message for message in messages if not message["is_final"]]
    lengths = [len(message["channel"]["alternatives"][0]["transcript"]) for message in interim]
    assert len(interim) > 5
    assert lengths[0] < lengths[len(lengths) // 2] < lengths[-1]
    assert messages[-1]["is_final"]
    assert {message["start"] for message in messages} == {0.0}


async def test_metadata_sums_up(gateway, spoken):
    summary = (await heard(gateway, spoken))[-1]
    assert summary["type"] == "Metadata"
    assert summary["sha256"] == hashlib.sha256(spoken.tobytes()).hexdigest()
    assert summary["duration"] == pytest.approx(spoken.size / 16_000, abs=1e-3)


async def test_speech_and_its_end_are_told(gateway, spoken):
    query = RAW + "&interim_results=true&vad_events=true&utterance_end_ms=1000&endpointing=300"
    messages = await heard(gateway, np.concatenate([spoken, silence(2)]), query)
    kinds = [message["type"] for message in messages]
    final = next(message for message in messages if message["type"] == "Results" and message["is_final"])
    assert kinds.index("SpeechStarted") < messages.index(final) < kinds.index("UtteranceEnd")
    assert kinds.count("UtteranceEnd") == 1
    end = messages[kinds.index("UtteranceEnd")]["last_word_end"]
    assert end == final["channel"]["alternatives"][0]["words"][-1]["end"]


async def test_finalize_gives_what_was_said_and_the_stream_goes_on(gateway, spoken):
    async with call(gateway) as caller:
        await caller.say(spoken)
        await caller.tell("Finalize")
        first = await caller.next(is_final=True)
        await caller.say(spoken)
        await caller.tell("CloseStream")
        second = await caller.next(is_final=True)
    length = spoken.size / 16_000
    assert first["from_finalize"]
    assert not second["from_finalize"]
    alternatives = [message["channel"]["alternatives"][0] for message in (first, second)]
    assert alternatives[0]["transcript"] == alternatives[1]["transcript"] != ""
    starts = [alternative["words"][0]["start"] for alternative in alternatives]
    assert starts[1] - starts[0] == pytest.approx(length, abs=1e-3)


async def test_finalize_without_speech_is_answered(gateway):
    async with call(gateway) as caller:
        await caller.tell("Finalize")
        assert (await caller.next())["from_finalize"]
        await caller.say(silence(0.5))
        await caller.tell("Finalize")
        answer = await caller.next()
    assert answer["from_finalize"]
    assert answer["channel"]["alternatives"][0]["transcript"] == ""


async def test_closing_without_audio(gateway):
    async with call(gateway) as caller:
        await caller.tell("KeepAlive")
        await caller.tell("CloseStream")
        (summary,) = await caller.rest()
    assert (summary["type"], summary["duration"]) == ("Metadata", 0.0)


async def test_one_large_message_is_recognised_like_many_small_ones(gateway, spoken):
    assert transcripts(await heard(gateway, spoken, piece=10**6)) == transcripts(
        await heard(gateway, spoken, piece=111)
    )


async def test_telephone_audio(gateway, spoken):
    import av

    context = av.CodecContext.create("pcm_mulaw", "w")
    context.sample_rate, context.layout, context.format = 8000, "mono", "s16"
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(spoken[np.newaxis, ::2]), format="s16", layout="mono"
    )
    frame.sample_rate = 8000
    codes = b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))
    async with call(gateway, "encoding=mulaw&sample_rate=8000") as caller:
        await caller.socket.send(codes)
        await caller.tell("CloseStream")
        messages = await caller.rest()
    assert "eight seven eight" in " ".join(transcripts(messages))
    assert messages[-1]["duration"] == pytest.approx(spoken.size / 16_000, abs=1e-3)


async def test_a_container_says_itself_what_it_is(gateway):
    content = (RECORDINGS / "digits_us_f2.flac").read_bytes()
    async with call(gateway, "punctuate=true") as caller:
        for start in range(0, len(content), 1000):
            await caller.socket.send(content[start : start + 1000])
        await caller.tell("CloseStream")
        messages = await caller.rest()
    assert "".join(transcripts(messages)).lower().startswith("zero")


async def test_boosted_phrases_are_heard(gateway, spoken):
    plain = transcripts(await heard(gateway, spoken))[0].split()
    other = "for" if "four" in plain else "four"  # sounds alike
    boosted = transcripts(await heard(gateway, spoken, RAW + f"&keyterm={other}"))[0].split()
    assert other in boosted
    assert other not in plain


async def test_a_key_in_the_subprotocol_is_answered_with_its_kind(gateway):
    async with websockets.connect(url(gateway), subprotocols=["token", "a-key"]) as socket:
        assert socket.subprotocol == "token"


async def test_a_hundred_callers_at_a_time(gateway):
    samples = recording("digits_kal.flac")

    async with websockets.connect(url(gateway)) as first:  # all of them are open before anybody speaks
        others = await asyncio.gather(*(websockets.connect(url(gateway)) for _ in range(99)))
        callers = [Call(socket) for socket in (first, *others)]

        async def speak(caller):
            await caller.say(samples, 16_000)
            await caller.tell("CloseStream")
            return tuple(transcripts(await caller.rest()))

        heard_by_all = await asyncio.gather(*(speak(caller) for caller in callers))
    assert len(set(heard_by_all)) == 1
    assert "eight" in heard_by_all[0][0]
