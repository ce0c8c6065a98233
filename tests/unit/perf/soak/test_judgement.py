import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from tritone_client import Final, Interim, InvalidRequestError, ServerError, Speech, Transcription, Word

from perf.soak.__main__ import main
from perf.soak.callers import SHOWN, Tally, cases_for
from perf.soak.cases import Case, collected, make_cases, problem_of
from perf.soak.runner import READINGS, Outcome, Plan, report

ANSWER = Case("a recording", "answer", "transcribe", ())
REFUSAL = Case("nothing", "refusal", "transcribe", ())
HEARD = Transcription("how are you", "How are you?", (Word("how", 0.1, 0.2, 0.9),), 1.0)
FINAL = Final(HEARD, 0.0, 1.0, 1.3)
SPOKEN = Speech(np.arange(4, dtype=np.float32), 16_000)


def word(**changes):
    return replace(HEARD, words=(replace(HEARD.words[0], **changes),))


@pytest.mark.parametrize(
    ("outcome", "reference"),
    [
        (HEARD, HEARD),
        (word(confidence=0.9005), HEARD),
        (Speech(SPOKEN.samples.copy(), 16_000), SPOKEN),
        ((FINAL,), (replace(FINAL, audio_processed_s=1.6, transcription=word(confidence=0.9005)),)),
        (b"a file", b"a file"),
        ("How are you?", "How are you?"),
    ],
)
def test_the_answer_of_the_request_alone_is_right(outcome, reference):
    assert problem_of(ANSWER, outcome, reference) is None


@pytest.mark.parametrize(
    ("outcome", "reference"),
    [
        (replace(HEARD, text="How are you."), HEARD),
        (word(confidence=0.95), HEARD),
        (word(start_s=0.12), HEARD),
        (replace(HEARD, words=()), HEARD),
        (Speech(SPOKEN.samples + np.float32(1e-6), 16_000), SPOKEN),
        (Speech(SPOKEN.samples, 22_050), SPOKEN),
        ((FINAL,), (FINAL, FINAL)),
        ((replace(FINAL, end_s=0.9),), (FINAL,)),
        ((replace(FINAL, transcription=word(start_s=0.12)),), (FINAL,)),
        (b"another file", b"a file"),
        (ServerError("broken"), HEARD),
    ],
)
def test_anything_else_is_a_mistake(outcome, reference):
    assert problem_of(ANSWER, outcome, reference)


def test_a_bad_request_must_be_refused_in_the_same_words():
    refused = InvalidRequestError("audio: expected samples")
    assert problem_of(REFUSAL, InvalidRequestError("audio: expected samples"), refused) is None
    for outcome in (
        HEARD,
        InvalidRequestError("text: expected words"),
        ServerError("audio: expected samples"),
    ):
        assert problem_of(REFUSAL, outcome, refused)


def outcome(memory, failures=0, growth=0.05):
    tally = Tally(10, 0.0, done=Counter({"a recording": 10}), failures=failures)
    return Outcome(Plan(10, 1, 4, growth), tally, 1.0, memory)


def test_memory_that_grows_or_a_mistake_is_a_problem():
    steady = [100 + index % 3 for index in range(READINGS)]
    assert outcome(steady).problems == []
    assert "1 wrong answers" in outcome(steady, failures=1).problems[0]
    growing = [1000 + 10 * index for index in range(READINGS)]
    (problem,) = outcome(growing).problems
    assert "memory grew by" in problem
    assert problem in report(outcome(growing))
    assert outcome(growing, growth=0.5).problems == []


def test_memory_before_it_has_settled_does_not_count():
    assert outcome([10, 50, 90, *[100] * 12]).problems == []


def test_a_soak_without_requests_proves_nothing():
    assert Outcome(Plan(10, 1, 4, 0.05), Tally(10, 0.0), 1.0, []).problems


def test_a_tally_ends_with_its_requests_and_its_time():
    tally = Tally(2, time.monotonic() + 60)
    assert [tally.start(), tally.start(), tally.start()] == [1, 2, None]
    assert Tally(2, time.monotonic() - 1).start() is None
    for _ in range(2 * SHOWN):
        tally.finish(ANSWER, "sync grpc", "wrong")
    assert (tally.failures, len(tally.shown)) == (2 * SHOWN, SHOWN)


def test_every_method_and_every_kind_is_among_the_cases():
    cases = make_cases()
    whole = {"transcribe", "punctuate", "synthesize", "synthesize_encoded"}
    assert {case.method for case in cases} == whole | {"stream_transcription", "stream_synthesis"}
    assert {case.kind for case in cases} == {"answer", "refusal", "cancel"}


def test_requests_that_do_not_finish_are_a_problem():
    broken_off = Tally(10, 0.0, started=10, done=Counter({"a recording": 8}))
    (problem,) = Outcome(Plan(10, 1, 4, 0.05), broken_off, 1.0, []).problems
    assert "2 requests did not finish" in problem
    ended = Tally(10, 0.0, started=10, done=Counter({"a recording": 10}))
    assert Outcome(Plan(10, 1, 4, 0.05), ended, 1.0, []).problems == []


@pytest.mark.parametrize("memory", [[100] * 4 + [0] * 12, [0] * READINGS, [100] * 15 + [0]])
def test_a_server_that_ends_is_a_problem_and_can_be_reported(memory):
    found = outcome(memory)
    assert any("no process to read the memory of" in problem for problem in found.problems)
    assert "no process" in report(found)


@pytest.mark.parametrize("words", [["--grpc-url", "node:8001"], ["--http-url", "node:8000"]])
def test_a_running_server_is_named_by_both_endpoints(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "expected both endpoints" in capsys.readouterr().err


def test_of_a_stream_the_finals_and_the_joined_speech_are_compared():
    assert collected([Interim("how", 0, 0.5), FINAL]) == (FINAL,)
    joined = collected([SPOKEN, SPOKEN])
    assert np.array_equal(joined.samples, np.tile(SPOKEN.samples, 2))


def test_streams_are_asked_over_grpc_alone():
    cases = make_cases()
    assert any(case.streams for case in cases_for(cases, "grpc"))
    assert not any(case.streams for case in cases_for(cases, "http"))
