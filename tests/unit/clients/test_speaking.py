"""Synthesis with both clients over both protocols, against a server with the real protocols."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
import soundfile
from tritone_client import Client, InvalidRequestError, RequestTimeoutError, Speech
from tritone_client.synthesis import FORMATS

from .fakes import RATE_HZ, tone

OPTIONS = {"seed": 2**63 - 1, "speed": 0.8, "sigma": 1 / 3, "denoise": 1}


def test_a_text_gives_the_same_samples_over_every_transport(caller, urls):
    speech = caller(urls[caller.protocol], "synthesize", "hello world")
    assert (speech.sample_rate_hz, speech.duration_s) == (RATE_HZ, pytest.approx(1.1))
    assert np.array_equal(speech.samples, tone("hello world"))


def test_text_outside_ascii_is_spoken_unharmed(caller, urls):
    speech = caller(urls[caller.protocol], "synthesize", "grüße aus 北京")
    assert np.array_equal(speech.samples, tone("grüße aus 北京"))


def test_a_reading_asks_for_nothing_else(caller, urls, behaviour):
    assert caller(urls[caller.protocol], "reading", "hello world") == "HELLO WORLD"
    assert (behaviour.asked, behaviour.requested) == (["text_to_speech"], [["reading"]])


@pytest.mark.parametrize("method", ["synthesize", "synthesize_encoded"])
def test_how_to_speak_reaches_the_server_exactly(caller, urls, behaviour, method):
    caller(urls[caller.protocol], method, "hello", keywords=OPTIONS)
    caller(urls[caller.protocol], method, "hello")
    assert behaviour.parameters == [OPTIONS, {}]


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_a_file_of_the_same_length(caller, urls, format_):
    content = caller(urls[caller.protocol], "synthesize_encoded", "hello world", format_)
    if format_ == "pcm":
        assert len(content) == 2 * tone("hello world").size
    else:
        assert soundfile.info(io.BytesIO(content)).duration == pytest.approx(1.1, abs=0.1)


def test_a_text_of_minutes_is_spoken(caller, urls):
    text = "hello " * 300
    assert caller(urls[caller.protocol], "synthesize", text).samples.nbytes > 4 * 2**20


def test_many_texts_come_in_order_and_one_that_fails_fails_alone(caller, urls, behaviour):
    behaviour.answer_after_s["the slow one"] = 0.3
    texts = ["the slow one", "hello", "...", "secret \udcff", "world"]
    slow, hello, unspeakable, undecodable, world = caller(urls[caller.protocol], "synthesize_all", texts)
    for speech, text in ((slow, "the slow one"), (hello, "hello"), (world, "world")):
        assert np.array_equal(speech.samples, tone(text))
    assert isinstance(unspeakable, InvalidRequestError)
    assert str(unspeakable) == "text: expected a word, got none."
    assert isinstance(undecodable, InvalidRequestError)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_so_many_texts_are_run_at_the_same_time(caller, urls, behaviour, concurrency):
    texts = [f"text {number}" for number in range(9)]
    behaviour.answer_after_s.update(dict.fromkeys(texts, 0.05))
    keywords = {"concurrency": concurrency, "seed": 7}
    results = caller(urls[caller.protocol], "synthesize_all", texts, keywords=keywords)
    assert all(isinstance(result, Speech) for result in results)
    assert behaviour.most_in_flight == concurrency
    assert behaviour.parameters == [{"seed": 7}] * 9


def test_no_texts_are_no_results(caller, urls):
    assert caller(urls[caller.protocol], "synthesize_all", []) == []


@pytest.mark.parametrize(
    ("arguments", "keywords", "error"),
    [
        (["hello"], {}, TypeError),
        ([["hello"]], {"concurrency": 0}, ValueError),
        ([["hello"]], {"speed": 3}, InvalidRequestError),
    ],
)
def test_wrong_arguments_for_many_texts_are_refused_at_once(arguments, keywords, error):
    with Client() as client, pytest.raises(error):
        client.synthesize_all(*arguments, **keywords)


def test_what_is_out_of_range_is_never_sent(caller, urls, behaviour):
    for method in ("synthesize", "synthesize_encoded"):
        with pytest.raises(ValueError, match=r"^speed: expected"):
            caller(urls[caller.protocol], method, "hello", keywords={"speed": 3})
    with pytest.raises(ValueError, match=r"^format: expected"):
        caller(urls[caller.protocol], "synthesize_encoded", "hello", "aiff")
    assert behaviour.asked == []


def test_a_text_past_the_deadline_is_a_timeout(caller, urls, behaviour):
    behaviour.answer_after_s["slow"] = 3.0
    started_s = time.monotonic()
    with pytest.raises(RequestTimeoutError, match=r"within 0\.[23]\d* s"):
        caller(urls[caller.protocol], "synthesize", "slow", timeout_s=0.3)
    assert time.monotonic() - started_s < 2.5
