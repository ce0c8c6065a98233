"""Texts that are spoken while they arrive: limits, and the pace of their audio."""

from types import SimpleNamespace

import numpy as np
import pytest

from tritone.errors import CancelledError, TextError
from tritone.speaking.spoken_text import Pace, SpokenText, StreamLimits
from tritone.synthesis.parameters import SynthesisParameters

RATE = 16_000


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Speaker:
    """Says every symbol in a second of its own value."""

    voice = SimpleNamespace(sample_rate_hz=RATE)
    decoding = None

    def start(self, parameters, is_cancelled):
        return self

    def speak(self, utterances):
        for utterance in utterances:
            yield np.full(RATE * utterance.symbols.size, utterance.symbols[0] / 1000, np.float32)


class Tokenizer:
    """A symbol per letter; remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, array, **parameters):
        text = array[0, 0].decode()
        self.asked.append((text, parameters))
        letters = sum(map(str.isalpha, text))
        return [
            np.full((1, 1, letters), letters, np.int64),
            np.array([[letters]]),
            np.array([[0.3]], np.float32),
        ]


def spoken(tokenizer, characters=100, speech_s=1000.0, later=None):
    limits = StreamLimits(characters, speech_s, 1e9)
    return SpokenText(Speaker(), tokenizer, later or tokenizer, limits, SynthesisParameters(), lambda: False)


def add(stream, data, first=False, last=False):
    return sum(chunk.size for chunk in stream.add(data, first=first, last=last)) // RATE


def test_a_whole_text_is_read_as_a_whole():
    tokenizer = Tokenizer()
    assert add(spoken(tokenizer), b"It is. It was. Go", first=True, last=True) == 11
    assert tokenizer.asked == [("It is. It was. Go", {})]


def test_pieces_are_spoken_when_a_sentence_is_complete():
    tokenizer = Tokenizer()
    stream = spoken(tokenizer)
    assert [
        add(stream, b"It i", first=True),
        add(stream, b"s. "),
        add(stream, b"Now\n\nAnd"),
        add(stream, b"", last=True),
    ] == [0, 0, 7, 3]
    assert tokenizer.asked == [
        ("It is.", {"closing": "sentence"}),
        ("Now", {"closing": "paragraph"}),
        ("And", {}),
    ]


def test_marks_after_the_last_sentence_are_not_an_error():
    tokenizer = Tokenizer()
    stream = spoken(tokenizer)
    add(stream, b"It is done. It", first=True)
    add(stream, b" was.\n\n")
    assert add(stream, b" ...", last=True) == 0 or tokenizer.asked[-1][0].startswith("It was")


def test_what_follows_the_first_speech_waits_for_a_busy_tokenizer():
    first, later = Tokenizer(), Tokenizer()
    stream = spoken(first, later=later)
    add(stream, b"It is done. It was ", first=True)
    add(stream, b"so. And", last=True)
    assert [text for text, _ in first.asked] == ["It is done."]
    assert [text for text, _ in later.asked] == ["It was so.", "And"]


@pytest.mark.parametrize("size", [1, 50, 101])
def test_a_sentence_without_an_end_is_refused_at_the_limit(size):
    stream = spoken(Tokenizer())
    for _ in range(100 // size):
        add(stream, b"a" * size)
    with pytest.raises(TextError, match="expected at most 100 characters"):
        add(stream, b"a" * size)


def test_a_stream_ends_at_the_limit_of_its_speech():
    stream = spoken(Tokenizer(), speech_s=25)
    add(stream, b"abcdefghij. K", first=True)
    add(stream, b"lmnopqrst. Uvw")
    with pytest.raises(TextError, match="expected at most 25 s of speech in a stream"):
        add(stream, b"xyzabcd", last=True)


def test_pieces_that_are_not_utf_8_are_refused():
    with pytest.raises(TextError, match="expected UTF-8"):
        add(spoken(Tokenizer()), b"\xff", first=True)


def test_audio_is_sent_at_most_some_time_before_it_can_have_been_played(monkeypatch):
    clock, slept = Clock(), []

    def sleep(seconds):
        slept.append(seconds)
        clock.now += seconds

    monkeypatch.setattr("time.sleep", sleep)
    pace = Pace(RATE, 10.0, clock)
    for _ in range(10):
        pace.wait(lambda: False)
        pace.sent(RATE)
    assert not slept
    pace.sent(RATE)
    pace.wait(lambda: False)
    assert sum(slept) == pytest.approx(1)
    clock.now += 1000  # a pause of the speaker is not playback in advance
    assert pace.sent(30 * RATE) == 41
    pace.wait(lambda: False)
    assert sum(slept) == pytest.approx(21)


def test_a_cancellation_ends_the_wait():
    pace = Pace(RATE, 10.0)
    pace.sent(1000 * RATE)
    with pytest.raises(CancelledError):
        pace.wait(lambda: True)
