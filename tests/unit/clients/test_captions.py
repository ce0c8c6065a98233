"""Captions from words."""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise

import pytest
from tritone_client import Transcription, Word, captions
from tritone_client.captions import TimedWord


def speech(text: str, start_s: float = 0.0, word_s: float = 0.4) -> list[TimedWord]:
    return [
        TimedWord(word, start_s + index * word_s, start_s + (index + 1) * word_s)
        for index, word in enumerate(text.split())
    ]


def transcription(text: str, transcript: str | None = None, **changes: float) -> Transcription:
    transcript = re.sub(r"[^\w ]", "", text).lower() if transcript is None else transcript
    words = tuple(Word(word.text, word.start_s, word.end_s, 1.0) for word in speech(transcript, **changes))
    return Transcription(transcript, text, words, words[-1].end_s if words else 0.0)


def lines(cues: list[captions.Cue]) -> list[tuple[str, ...]]:
    return [cue.lines for cue in cues]


def test_srt_is_exact():
    assert captions.srt(transcription("Hello there. How are you?", word_s=0.5)) == (
        "1\n00:00:00,000 --> 00:00:01,000\nHello there.\n\n2\n00:00:01,000 --> 00:00:02,500\nHow are you?\n"
    )


def test_vtt_is_exact():
    assert captions.vtt(transcription("Hello there. How are you?", word_s=0.5)) == (
        "WEBVTT\n"
        "\n"
        "00:00:00.000 --> 00:00:01.000\nHello there.\n"
        "\n"
        "00:00:01.000 --> 00:00:02.500\nHow are you?\n"
    )


def test_silence_is_an_empty_caption_file():
    silence = Transcription("", "", (), 3.0)
    assert captions.srt(silence) == ""
    assert captions.vtt(silence) == "WEBVTT\n"


@pytest.mark.parametrize(
    ("start_s", "clock"),
    [
        (0.0, "00:00:00,000"),
        (0.0004, "00:00:00,000"),
        (0.9996, "00:00:01,000"),
        (59.9996, "00:01:00,000"),
        (3599.9999, "01:00:00,000"),
        (5025.678, "01:23:45,678"),
        (360_000.0, "100:00:00,000"),
    ],
)
def test_times_are_rounded_to_milliseconds_and_carried(start_s, clock):
    assert captions.srt(transcription("Hello", start_s=start_s)).splitlines()[1].startswith(f"{clock} --> ")


def test_a_sentence_end_begins_a_new_cue_also_inside_quotes():
    cues = captions.cues(speech("He said “no.” Then he left."))
    assert lines(cues) == [("He said “no.”",), ("Then he left.",)]


def test_a_pause_begins_a_new_cue():
    cues = captions.cues(speech("one two") + speech("three", start_s=1.7))
    assert lines(cues) == [("one two",), ("three",)]


def test_a_short_pause_does_not():
    assert lines(captions.cues(speech("one two") + speech("three", start_s=1.5))) == [("one two three",)]


def test_cues_have_two_lines_of_42_characters_at_most():
    cues = captions.cues(speech(" ".join(["word"] * 100), word_s=0.1))
    assert all(len(cue.lines) <= 2 and max(map(len, cue.lines)) <= 42 for cue in cues)
    assert sum(" ".join(cue.lines).count("word") for cue in cues) == 100


def test_two_lines_are_balanced():
    (cue,) = captions.cues(speech("this sentence is just a little too long for one line", word_s=0.1))
    assert cue.lines == ("this sentence is just a", "little too long for one line")


def test_cues_last_seven_seconds_at_most():
    cues = captions.cues(speech("a b c d e f g h i j", word_s=2.0))
    assert [cue.end_s - cue.start_s for cue in cues] == [6.0, 6.0, 6.0, 2.0]


def test_a_word_longer_than_a_line_stays_whole():
    word = "donaudampfschifffahrtsgesellschaftskapitänsmütze"
    assert lines(captions.cues(speech(f"a {word} b"))) == [("a", word), ("b",)]


def test_sentences_too_short_to_read_share_a_cue():
    words = [TimedWord("Yes.", 0.0, 0.2), TimedWord("No.", 0.5, 0.6), TimedWord("Well.", 1.1, 1.3)]
    assert lines(captions.cues(words)) == [("Yes. No.",), ("Well.",)]


def test_a_short_cue_is_shown_for_a_second_unless_the_next_or_the_audio_ends_it():
    words = [TimedWord("Yes.", 0.0, 0.1), TimedWord("No.", 0.95, 1.0), TimedWord("Yes.", 9.0, 9.2)]
    ends_s = [cue.end_s for cue in captions.cues(words, duration_s=9.5)]
    assert ends_s == [0.95, 1.95, 9.5]


def test_cues_never_overlap():
    cues = captions.cues([word for start_s in range(9) for word in speech("a. b.", start_s, word_s=0.05)])
    assert len(cues) == 9
    assert all(cue.end_s <= following.start_s for cue, following in pairwise(cues))


def test_punctuated_words_take_the_times_of_the_recognised_ones():
    words = captions.timed_words(transcription("Hello, World!"))
    assert [word.text for word in words] == ["Hello,", "World!"]


def test_recognised_words_are_shown_where_the_text_has_another_number_of_them():
    words = captions.timed_words(transcription("Hello - world!", transcript="hello world"))
    assert [word.text for word in words] == ["hello", "world"]


def test_raw_captions_show_the_recognised_words():
    assert "hello world" in captions.srt(transcription("Hello, World!"), raw=True)


def test_written_captions_show_written_words_with_their_times():
    spoken = transcription("Pay two hundred dollars now.")
    written = (Word("Pay", 0.0, 0.4, 1.0), Word("$200", 0.4, 1.6, 1.0), Word("now.", 1.6, 2.0, 1.0))
    figures = dataclasses.replace(spoken, written_text="Pay $200 now.", written_words=written)
    words = captions.timed_words(figures, written=True)
    assert [(word.text, word.start_s, word.end_s) for word in words][1] == ("$200", 0.4, 1.6)
    assert "Pay $200 now." in captions.srt(figures, written=True)
    assert "two hundred dollars" in captions.srt(figures)


def test_written_captions_show_the_text_where_written_words_have_no_times():
    spoken = dataclasses.replace(transcription("Hello, World!"), written_text="Hello, World!")
    assert [word.text for word in captions.timed_words(spoken, written=True)] == ["Hello,", "World!"]


def test_markup_in_vtt_is_escaped():
    shown = captions.vtt(transcription("a <b> & -->", transcript="a b and arrow"))
    assert "a &lt;b&gt; &amp; --&gt;" in shown
