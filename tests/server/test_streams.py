"""Streaming recognition on the real server: final texts are those of whole recordings, interim ones grow."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
import tritonclient.grpc as triton
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException

from training.scoring import edit_distance

from .conftest import tensor
from .streams import RATE, bounds, finals, live, noise, offline, pieces, run

MIXED = [
    [5_120],
    [1, 5_119, 17, 12_000],
    [160_000],
    [320, 1_600, 3, 48_000, 511],
    [2_400],
    [16_000, 1],
]
CALLERS = 32
OUTPUTS = ("is_final", "segment_start_s", "segment_end_s", "transcript")


@pytest.fixture(scope="module")
def talk(recordings):
    """Three recordings with pauses between them, a short one within the third."""
    parts = [
        noise(1),
        recordings["report_us.flac"],
        noise(1.5, seed=1),
        recordings["digits_us_f2.flac"],
        noise(1.2, seed=2),
        recordings["novel_slt.flac"],
        noise(0.3, seed=3),
        recordings["prison_slt.flac"],
    ]
    return np.concatenate(parts)


@pytest.fixture(scope="module")
def heard(infer):
    """The pipeline's answers to segments, each asked for once."""
    known, lock = {}, threading.Lock()

    def ask(samples, parameters=None):
        key = samples.tobytes(), str(parameters)
        with lock:
            if key not in known:
                known[key] = offline(infer, samples, parameters)
            return known[key]

    return ask


def assert_equal_to_the_whole(answer, samples, heard, parameters=None):
    start, end = bounds(answer)
    whole = heard(samples[start:end], parameters)
    for name in ("transcript", "text", "word"):
        assert answer[name] == whole[name], (start, end)
    for name in ("word_start_s", "word_end_s"):
        np.testing.assert_allclose(answer[name], whole[name] + start / RATE, atol=1e-4)
    np.testing.assert_array_equal(answer["word_confidence"], whole["word_confidence"])


@pytest.mark.parametrize("lengths", MIXED, ids=str)
def test_final_texts_are_those_of_whole_recordings(server, heard, talk, lengths):
    answers = run(server, 11, pieces(talk, lengths))
    ended = finals(answers)
    assert len(ended) >= 2
    for answer in ended:
        assert_equal_to_the_whole(answer, talk, heard)
    edges = [bounds(answer) for answer in ended]
    assert all(end <= later for (_, end), (later, _) in pairwise(edges))
    assert edges[-1][1] == talk.size


def test_many_streams_at_once_have_the_texts_of_whole_recordings(server, heard, talk):
    """With INT and string IDs, and a start that differs."""
    problems, counts = [], []

    def stream(number):
        samples = talk[number * 531 :]
        try:
            answers = run(
                server,
                number + 100 if number % 2 else f"stream-{number}",
                pieces(samples, MIXED[number % len(MIXED)]),
            )
            counts.append(len(finals(answers)))
            for answer in finals(answers):
                assert_equal_to_the_whole(answer, samples, heard)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=stream, args=(number,)) for number in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, str(problems[0])
    assert len(counts) == CALLERS
    assert min(counts) >= 2


@pytest.mark.parametrize("lengths", MIXED[:5], ids=str)
def test_stable_characters_stay_until_the_segment_ends(server, talk, lengths):
    stable, grown = "", 0
    for answer in run(server, 12, pieces(talk, lengths)):
        text = answer["interim_transcript"][0].decode()
        count = int(answer["stable_characters"][0])
        assert 0 <= count <= len(text)
        if answer["is_final"][0]:
            stable = ""
        assert text.startswith(stable)
        stable, grown = text[:count], max(grown, count)
    assert grown > 20 or max(lengths) > 100_000


def test_interim_texts_are_near_the_final_one(server, recordings):
    samples = np.concatenate([noise(0.5), recordings["report_us.flac"], noise(0.5)])
    answers = run(server, 13, pieces(samples, [5_120]))
    interim = answers[-2]["interim_transcript"][0].decode().split()
    final = answers[-1]["transcript"][0].decode().split()
    assert edit_distance(final, interim) <= 0.3 * len(final)
    shown = [answer["interim_transcript"][0] for answer in answers]
    assert len(set(shown)) > 0.5 * len(shown)


def test_interim_answers_have_no_final_text(server, talk):
    for answer in run(server, 14, pieces(talk, [5_120])):
        if not answer["is_final"][0]:
            assert answer["transcript"] == answer["text"] == answer["written_text"] == [b""]
            assert answer["segment_start_s"] == answer["segment_end_s"] == 0
            for name in ("word", "word_start_s", "word_end_s", "word_confidence", "written_word"):
                assert len(answer[name]) == 0, name


def test_speech_is_announced_once_per_segment(server, talk):
    answers = run(server, 15, pieces(talk, [5_120]))
    started = [index for index, answer in enumerate(answers) if answer["speech_started"][0]]
    ended = [index for index, answer in enumerate(answers) if answer["is_final"][0]]
    assert len(started) == len(ended)
    assert all(first < last for first, last in zip(started, ended, strict=True))


def test_silence_has_no_text_and_calls_no_acoustic_model(server, client):
    def calls():
        return client.get_inference_statistics("asr_quartznet").model_stats[0].inference_count

    before = calls()
    answers = run(server, 16, pieces(noise(20), [5_120]))
    assert calls() == before
    assert not finals(answers)
    assert {answer["interim_transcript"][0] for answer in answers} == {b""}
    assert answers[-1]["audio_processed_s"][0] == pytest.approx(20)


def test_pcm16_is_the_same_audio(server, talk):
    integers = np.round(talk * 32767).astype(np.int16)
    floats = integers.astype(np.float32) / 32768
    sent, expected = (
        run(server, 17, pieces(samples, [8_000]), name=name)
        for samples, name in ((integers, "audio_pcm16"), (floats, "audio"))
    )
    assert [answer["transcript"] for answer in sent] == [answer["transcript"] for answer in expected]
    assert [answer["interim_transcript"] for answer in sent] == [
        answer["interim_transcript"] for answer in expected
    ]


def test_stream_can_end_without_further_audio(server, heard, recordings):
    samples = recordings["digits_us_f2.flac"]
    with live(server, 18) as stream:
        stream.ask(samples, start=True)
        last = stream.ask(np.zeros(0, np.float32), end=True)
    assert last["is_final"][0]
    assert_equal_to_the_whole(last, samples, heard)


def test_a_shorter_stop_history_ends_segments_earlier(server, recordings):
    samples = np.concatenate([recordings["digits_us_f2.flac"], noise(3)])

    def first_final_s(milliseconds):
        answers = run(server, 19, pieces(samples, [1_600]), {"stop_history_ms": milliseconds})
        return finals(answers)[0]["audio_processed_s"][0]

    assert first_final_s(300) < first_final_s(800) < first_final_s(1_600)


def test_parameters_reach_the_final_text(server, heard, recordings):
    samples = recordings["report_us.flac"]
    parameters = {"decoder": "greedy", "written": "on", "vad": "off"}
    final = finals(run(server, 20, pieces(samples, [5_120]), parameters))[-1]
    start, end = bounds(final)
    whole = heard(samples[start:end], {"decoder": "greedy", "vad": "off"})
    assert final["transcript"] == whole["transcript"]
    assert final["written_text"] == whole["written_text"] != [b""]
    assert final["written_word"] == whole["written_word"]
    assert heard(samples[start:end], {"vad": "off"})["transcript"] != whole["transcript"]


def test_without_interim_texts_there_are_final_ones_only(server, heard, client, talk):
    answers = run(server, 21, pieces(talk, [5_120]), {"interim": "off"})
    assert {answer["interim_transcript"][0] for answer in answers} == {b""}
    assert len(finals(answers)) >= 2
    for answer in finals(answers):
        assert_equal_to_the_whole(answer, talk, heard)


def test_a_long_segment_is_cut_in_a_pause_and_within_the_limit(server, heard, recordings):
    samples = np.concatenate([recordings["novel_slt.flac"], noise(0.35), recordings["report_rms.flac"]] * 3)
    ended = finals(run(server, 22, pieces(samples, [5_120]), {"stop_history_ms": 5_000}))
    assert len(ended) >= 3
    for answer in ended:
        start, end = bounds(answer)
        assert end - start <= 30 * RATE
        assert_equal_to_the_whole(answer, samples, heard)
    starts, ends = zip(*map(bounds, ended), strict=True)
    assert ends[:-1] == starts[1:]  # nothing is lost between them


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"audio": np.full((1, 800), np.nan, np.float32)}, "audio: expected finite samples"),
        ({"audio": np.full((1, 800), 300.0, np.float32)}, r"audio: expected samples in \[-1, 1\]"),
        ({"audio": np.zeros((1, 160_001), np.float32)}, "audio: expected at most 10 s in a chunk, got 10.0"),
        ({"audio": np.zeros((1, 0), np.float32)}, "audio: expected samples, got none"),
        (
            {"audio": np.zeros((1, 80), np.float32), "audio_pcm16": np.zeros((1, 80), np.int16)},
            "expected audio or audio_pcm16, got both",
        ),
        ({"audio": np.zeros((2, 80), np.float32)}, "batch-size must be <= 1"),
        ({"audio": np.zeros((1, 80), np.int16)}, "audio"),
    ],
    ids=["nan", "loud", "long", "empty", "both", "batch", "type"],
)
def test_a_bad_chunk_is_refused_and_its_stream_goes_on(server, heard, recordings, arrays, says):
    samples = recordings["digits_us_f2.flac"]
    with live(server, 23) as stream, live(server, 24) as neighbour:
        for each in (stream, neighbour):
            each.ask(samples[:9_000], start=True)
        stream.send_inputs([tensor(*item) for item in arrays.items()])
        with pytest.raises(InferenceServerException, match=says):
            stream.answer()
        for each in (stream, neighbour):
            final = each.ask(samples[9_000:], end=True)
            assert_equal_to_the_whole(final, samples, heard)


def test_a_chunk_without_a_start_or_after_the_end_is_refused(server, recordings):
    samples = recordings["digits_us_f2.flac"]
    with live(server, 25) as stream:
        with pytest.raises(InferenceServerException, match="must specify the START flag"):
            stream.ask(samples)
        stream.ask(samples, start=True, end=True)
        with pytest.raises(InferenceServerException, match="must specify the START flag"):
            stream.ask(samples)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"stop_history_ms": 5}, "parameter stop_history_ms: expected a whole number from 100 to 10000"),
        ({"interim": "maybe"}, "parameter interim: expected one of on, off"),
        ({"decoder": "greedy", "boost": '{"zero": 3}'}, "parameter boost: expected decoder beam"),
        ({"boost": "zero"}, "parameter boost: expected a JSON object"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_stream_with_bad_parameters_is_refused_at_its_start(server, recordings, parameters, says):
    samples = recordings["digits_us_f2.flac"]
    with live(server, 26) as stream:
        with pytest.raises(InferenceServerException, match=says):
            stream.ask(samples, start=True, parameters=parameters)
        with pytest.raises(InferenceServerException, match="stream: expected one that has been started"):
            stream.ask(samples)
        assert stream.ask(samples, start=True, end=True)["is_final"][0]


def test_a_stream_that_is_started_again_forgets_what_was_before(server, heard, recordings):
    samples = recordings["digits_us_f2.flac"]
    with live(server, 27) as stream:
        stream.ask(recordings["report_us.flac"][:50_000], start=True)
        stream.ask(samples[:5_000], start=True)
        assert_equal_to_the_whole(stream.ask(samples[5_000:], end=True), samples, heard)


def test_chunks_may_be_sent_without_waiting_for_answers(server, heard, recordings):
    samples = recordings["report_us.flac"]
    chunks = pieces(samples, [5_120])
    with live(server, 28) as stream:
        for index, chunk in enumerate(chunks):
            stream.send(chunk, start=index == 0, end=index == len(chunks) - 1)
        answers = [stream.answer() for _ in chunks]
    processed = [float(answer["audio_processed_s"][0]) for answer in answers]
    assert processed == sorted(processed)
    for answer in finals(answers):
        assert_equal_to_the_whole(answer, samples, heard)


@pytest.mark.parametrize("protocol", [triton, triton_http], ids=["grpc", "http"])
def test_single_requests_with_an_id_are_a_stream_too(server, heard, recordings, protocol):
    samples = recordings["digits_us_f2.flac"]
    url = server.grpc_url if protocol is triton else server.http_url
    with protocol.InferenceServerClient(url) as client:
        chunks = pieces(samples, [8_000])
        for index, chunk in enumerate(chunks):
            answer = client.infer(
                "asr_stream",
                [tensor("audio", chunk[np.newaxis], protocol)],
                sequence_id=29,
                sequence_start=index == 0,
                sequence_end=index == len(chunks) - 1,
            )
    final = {output: answer.as_numpy(output)[0] for output in OUTPUTS}
    assert final["is_final"][0]
    start, end = bounds(final)
    assert final["transcript"].tolist() == heard(samples[start:end])["transcript"]
