"""The demo's output fits the terminal and is complete."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from tritone_client import InvalidRequestError, Transcription, Word

from demo.report import DemoReport

WORDS = [f"word{number}" for number in range(40)]
SPEECH = Transcription(
    transcript=" ".join(WORDS),
    text=" ".join(WORDS).capitalize() + ".",
    words=tuple(Word(word, number * 0.5, number * 0.5 + 0.25, 0.9) for number, word in enumerate(WORDS)),
    duration_s=20.0,
)


@pytest.fixture
def report():
    return DemoReport(io.StringIO(), width=80, bold=False)


@pytest.fixture
def printed(report):
    return report.stream.getvalue


def test_recording_shows_the_whole_transcription(report, printed):
    report.recording(Path("folder/a.wav"), SPEECH, 0.5, "What was really said.")
    assert printed().startswith("\na.wav  20.00 s of audio in 500 ms\n")
    assert "reference   What was really said.\n" in printed()
    shown = " ".join(printed().split())
    assert SPEECH.transcript in shown.split("punctuated")[0]
    assert all(f"{word.word} {word.start_s:.2f}-{word.end_s:.2f}" in shown for word in SPEECH.words)


def test_no_line_is_wider_than_the_terminal_or_breaks_a_word_time(report, printed):
    report.recording(Path("a.wav"), SPEECH, 0.5, None)
    assert max(map(len, printed().splitlines())) <= 80
    assert len(printed().split("word times")[1].split()) == 2 * len(WORDS)


def test_silence_is_shown_as_nothing(report, printed):
    report.recording(Path("a.wav"), Transcription("", "", (), 1.0), 0.1, None)
    assert "recognised  (nothing)\n" in printed()
    assert "word times  (none)\n" in printed()


def test_failure_names_the_file_and_the_reason(report, printed):
    report.failure("bad.wav", InvalidRequestError("audio_bytes: expected an audio file."))
    assert printed() == "\nbad.wav  failed\nerror       audio_bytes: expected an audio file.\n"


def test_synthesis_shows_text_file_and_speed(report, printed):
    report.synthesised("a.wav synthesised", SPEECH.text, Path("out/a.wav"), speech_s=4.0, seconds=1.0)
    report.recognised(SPEECH)
    title = "\na.wav synthesised  4.00 s of speech in 1.00 s, real-time factor 0.25\n"
    assert printed().startswith(title + "text        Word0 word1")
    assert "file        out/a.wav\nrecognised  word0 word1" in printed()
    assert "punctuated  Word0 word1" in printed()


def test_summary_is_speed_relative_to_speech(report, printed):
    report.summary(3, audio_s=60.0, seconds=2.0)
    assert "3 recordings, 60.0 s of audio in 2.0 s" in printed()
    assert "30 times as fast as speech" in printed()


def test_interim_text_is_one_line_that_the_final_text_replaces_and_only_on_a_terminal(report, printed):
    report.interim(1.0, "some words")
    assert printed() == ""
    terminal = DemoReport(io.StringIO(), width=40, bold=True)
    terminal.interim(1.0, "some words " * 20)
    terminal.final(2.5, "Some words.")
    interim, final = terminal.stream.getvalue().split("\r\033[K")[1:]
    assert len(interim) == 40
    assert interim.startswith("1.0 s")
    assert final == "2.5 s       Some words.\n"
