"""Latency of words, from scripted events."""

import pytest
from tritone_client import Final, Interim, SpeechStarted, Transcription, Word

from perf.instruments.streams.measuring import Measured, cpu_ratio, percentile_ms
from perf.instruments.streams.playing import Cost, StreamsPoint
from perf.instruments.streams.speaking import SpeechPoint
from perf.instruments.streams.words import Latencies, Seen, joined, latencies
from perf.streaming.report import LIVE_HEADER, markdown


def final(*words):
    """A segment of words and their ends in seconds."""
    timed = tuple(Word(word, end_s - 0.2, end_s, 0.9) for word, end_s in words)
    return Final(Transcription(" ".join(word for word, _ in words), "", timed, 1.0), 0.0, words[-1][1], 2.0)


def interim(text):
    return Interim(text, 0, 1.0)


def test_a_word_counts_from_its_end_to_the_first_interim_with_it():
    seen = [
        Seen(0.5, SpeechStarted(0.3)),
        Seen(0.7, interim("it")),
        Seen(1.1, interim("it rained")),
        Seen(1.4, interim("it rained")),
        Seen(2.0, final(("it", 0.5), ("rained", 0.9))),
    ]
    found = latencies(seen)
    assert found.shown_s == pytest.approx((0.2, 0.2))
    assert found.final_s == pytest.approx((1.1,))
    assert found.never == 0


def test_words_that_no_interim_showed_are_counted_apart():
    seen = [Seen(0.7, interim("it rain")), Seen(2.0, final(("it", 0.5), ("rained", 0.9)))]
    found = latencies(seen)
    assert (len(found.shown_s), found.never, found.words) == (1, 1, 2)


def test_a_word_is_looked_for_at_its_place_and_in_its_segment_only():
    seen = [
        Seen(0.6, interim("no")),
        Seen(1.0, final(("no", 0.5))),
        Seen(2.6, interim("no")),
        Seen(3.0, interim("no no")),
        Seen(4.0, final(("no", 2.5), ("no", 2.9))),
    ]
    assert latencies(seen).shown_s == pytest.approx((0.1, 0.1, 0.1))


def test_a_merged_word_does_not_hide_those_around_it():
    seen = [
        Seen(1.0, interim("the poordebtors were")),
        Seen(2.0, final(("the", 0.2), ("poor", 0.4), ("debtors", 0.6), ("were", 0.8))),
    ]
    found = latencies(seen)
    assert found.shown_s == pytest.approx((0.8, 0.2))
    assert found.never == 2


def test_streams_are_joined_and_reported_with_the_ratio_to_whole_recordings():
    both = joined([Latencies((0.1, 0.2), (1.0,), 1), Latencies((0.3,), (), 0)])
    assert both == Latencies((0.1, 0.2, 0.3), (1.0,), 1)
    live, whole = StreamsPoint(60.0, 1.2, 2, both), Cost(60.0, 0.9)
    assert cpu_ratio(live, whole) == pytest.approx(4 / 3)
    text = markdown(Measured([live], whole, [SpeechPoint(4, 12.0, 0.03, 0.4, 0.32)]), {}, "command", "a.png")
    row = next(line for line in text.splitlines() if line.startswith("| 2 |"))
    assert row == "| 2 | 60 | 4 | 75% | 200 | 290 | 1000 | 20 | 1.33 |"
    assert row.count("|") == len(LIVE_HEADER) + 1
    assert "| 4 | 12.0 | 30 | 400 | 320 | 1.25 |" in text
    assert "(a.png)" in text


def test_a_server_elsewhere_has_no_processor_time_and_silence_no_latency():
    live, whole = StreamsPoint(10.0, None, 1, Latencies((), (), 0)), Cost(10.0, None)
    assert cpu_ratio(live, whole) is None
    assert percentile_ms((), 50) is None
    assert "| 1 | 10 | 0 | - | - | - | - | - | - |" in markdown(Measured([live], whole, []), {}, "command")
