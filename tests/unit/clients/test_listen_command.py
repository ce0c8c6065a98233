"""`tritone listen`: files and pipes against the fake server, in a process where signals matter."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
from tritone_client import Final, Interim, Transcription, Word
from tritone_client.command.live_display import DIM, ELLIPSIS, NORMAL, InterimLine, fitted, width
from tritone_client.command.live_outputs import LiveOutput

from .conftest import TRITONE
from .fakes import FaultError
from .test_streams import TWO_SEGMENTS, loud, quiet

PCM = (TWO_SEGMENTS * 32767).astype("<i2").tobytes()
TEXT = "Word1 word2.\nWord3.\n"


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "talk.wav"
    soundfile.write(path, TWO_SEGMENTS, 16_000)
    return path


def test_a_file_gives_a_line_for_each_segment(tritone, recording):
    done = tritone("listen", recording)
    assert (done.exit_code, done.stdout, done.stderr) == (0, TEXT, "")


def test_a_stereo_file_of_another_rate_is_mixed_and_resampled(tritone, tmp_path, behaviour):
    path = tmp_path / "talk.flac"
    soundfile.write(path, np.stack([loud(1.2, 44_100)] * 2, axis=1), 44_100)
    assert tritone("listen", path).stdout == "Word1 word2.\n"
    sent = sum(inputs["audio"].size for _, inputs, _ in behaviour.streams[0].requests)
    assert abs(sent - 1.2 * 16_000) < 20


@pytest.mark.parametrize(
    ("options", "content"),
    [
        ([], PCM),
        (["--encoding", "f32le"], TWO_SEGMENTS.astype("<f4").tobytes()),
        (["--sample-rate", "8000"], PCM),
    ],
    ids=["s16le", "f32le", "8 kHz"],
)
def test_raw_samples_on_stdin(process, options, content):
    done = process("listen", "-", *options, input=content)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"Word1 word2")


@pytest.mark.parametrize(("encoding", "subtype"), [("ulaw", "ULAW"), ("alaw", "ALAW")])
def test_companded_samples_on_stdin_are_decoded(process, behaviour, encoding, subtype):
    with io.BytesIO() as file:
        soundfile.write(file, loud(1.2, 8000), 8000, format="RAW", subtype=subtype)
        content = file.getvalue()
    done = process("listen", "-", "--encoding", encoding, "--sample-rate", "8000", input=content)
    assert (done.returncode, done.stdout) == (0, b"Word1 word2.\n"), done.stderr


def test_half_a_sample_at_the_end_is_an_error_that_names_the_encodings(process):
    done = process("listen", "-", input=PCM + b"\0")
    assert done.returncode == 1
    assert b"--encoding" in done.stderr


def test_json_lines_have_times_and_words_of_the_stream(tritone, recording):
    lines = tritone("listen", recording, "--format", "json").stdout.splitlines()
    first, second = map(json.loads, lines)
    assert first["event"] == "final"
    assert (second["start_s"], second["end_s"], second["text"]) == (2.1, 2.6, "Word3.")
    assert second["words"] == [{"word": "word3", "start_s": 2.1, "end_s": 2.6, "confidence": 0.75}]


def test_json_lines_with_interim_have_every_event(tritone, recording):
    lines = tritone("listen", recording, "--format", "json", "--interim").stdout.splitlines()
    events = [json.loads(line)["event"] for line in lines]
    assert events == ["speech_started", "interim", "interim", "final", "speech_started", "interim", "final"]


def test_captions_are_numbered_over_all_segments(tritone, recording):
    done = tritone("listen", recording, "--format", "srt")
    assert done.stdout == (
        "1\n00:00:00,000 --> 00:00:01,000\nWord1 word2.\n\n2\n00:00:02,100 --> 00:00:02,600\nWord3.\n\n"
    )


def test_webvtt_has_one_header_also_without_speech(tritone, recording, tmp_path):
    done = tritone("listen", recording, "--format", "vtt")
    assert done.stdout.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nWord1 word2.\n\n")
    assert done.stdout.count("WEBVTT") == 1
    soundfile.write(tmp_path / "quiet.wav", quiet(1), 16_000)
    assert tritone("listen", tmp_path / "quiet.wav", "--format", "vtt").stdout == "WEBVTT\n\n"


def test_an_output_file_is_written_as_segments_end(tritone, recording, tmp_path):
    target = tmp_path / "talk.txt"
    target.write_text("before")
    assert tritone("listen", recording, "-o", target).stdout == ""
    assert target.read_text() == TEXT


def test_recognition_options_reach_the_server(tritone, recording, behaviour, tmp_path):
    (tmp_path / "names.txt").write_text("Pearl=3\n")
    options = ["--boost", "Hester=8", "--boost-file", tmp_path / "names.txt", "--decoder", "greedy"]
    done = tritone("listen", recording, *options, "--written", "--vad", "off", "--stop-history-ms", "500")
    assert done.stdout == "WORD1 WORD2.\nWORD3.\n"
    parameters = behaviour.streams[0].requests[0][2]
    assert json.loads(parameters["boost"]) == {"Pearl": 3, "Hester": 8}
    assert (parameters["decoder"], parameters["vad"], parameters["stop_history_ms"]) == ("greedy", "off", 500)
    assert tritone("listen", recording, "--raw").stdout == "word1 word2\nword3\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x.wav", "--raw", "--written"], "exclude each other"),
        (["x.wav", "--sample-rate", "8000"], "describe stdin"),
        (["x.wav", "--device", "1"], "--device is for the microphone"),
        (["--realtime"], "--realtime is for files"),
        (["x.wav", "--protocol", "http"], "--protocol grpc"),
        (["x.wav", "--stop-history-ms", "0"], "stop_history_ms"),
        (["x.wav", "-o", "nowhere/talk.txt"], "its folder does not exist"),
        (["x.wav", "-o", "talk.wav"], "suffix of a recording"),
    ],
)
def test_wrong_usage_ends_with_2_and_the_rule(tritone, arguments, message):
    done = tritone("listen", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr


@pytest.mark.parametrize("content", [None, b"no audio"])
def test_a_file_that_cannot_be_read_ends_with_1_and_its_name(tritone, tmp_path, content):
    path = tmp_path / "talk.wav"
    if content:
        path.write_bytes(content)
    done = tritone("listen", path)
    assert done.exit_code == 1
    assert "talk.wav" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_failure_in_the_middle_keeps_what_was_final(tritone, recording, behaviour):
    behaviour.stream_faults[15] = FaultError("INTERNAL", "asr_stream: broken")
    done = tritone("listen", recording)
    assert (done.exit_code, done.stdout) == (1, "Word1 word2.\n")
    assert "asr_stream: broken" in done.stderr


def test_without_sounddevice_the_microphone_is_an_error_with_the_remedy(tritone, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)  # as if it were not installed
    for arguments in (["listen"], ["listen", "--list-devices"]):
        done = tritone(*arguments)
        assert done.exit_code == 1
        assert "pip install 'tritone-client[live]'" in done.stderr


def test_realtime_takes_as_long_as_the_recording(tritone, tmp_path):
    soundfile.write(tmp_path / "talk.wav", loud(1.2), 16_000)
    started_s = time.monotonic()
    assert tritone("listen", tmp_path / "talk.wav", "--realtime").exit_code == 0
    assert time.monotonic() - started_s >= 1.1


def test_ctrl_c_ends_the_stream_with_its_final_results(urls):
    command = [*TRITONE, "listen", "-", "--url", urls["grpc"]]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        process.stdin.write((loud(1.2) * 32767).astype("<i2").tobytes())
        process.stdin.flush()
        time.sleep(3)  # the command has started and waits for more
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stdout.read() == b"Word1 word2.\n"
        assert process.stderr.read() == b""


def test_on_a_terminal_interim_text_is_replaced_by_the_final_text(urls, recording):
    ours, theirs = pty.openpty()
    command = [*TRITONE, "listen", str(recording), "--url", urls["grpc"]]
    done = subprocess.run(
        command, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL, timeout=60, check=False,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "40", "LINES": "10"},
    )  # fmt: skip
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 0
    assert f"\r\x1b[Kwo{DIM}rd1{NORMAL}" in shown  # half of it is stable
    assert "\r\x1b[KWord1 word2.\r\n" in shown
    assert shown.endswith("\r\x1b[KWord3.\r\n")


@pytest.mark.parametrize("room", [3, 4, 9, 10, 79])
@pytest.mark.parametrize(
    "text",
    ["", "word", "it rained all day long", "\u65e5\u672c\u8a9e\u306e\u6587\u7ae0", "e\u0301te\u0301 " * 5],
)
@pytest.mark.parametrize("cut", [0, 3, 100])
def test_a_line_is_never_wider_than_its_room_and_keeps_the_end(text, room, cut):
    stable, unstable = fitted(text[:cut], text[cut:], room)
    assert width(stable + unstable) <= room
    if width(text) <= room:
        assert (stable, unstable) == (text[:cut], text[cut:])
    else:
        assert stable.startswith(ELLIPSIS)
        shown = (stable + unstable).removeprefix(ELLIPSIS)
        assert text.endswith(shown)
        assert width(shown) >= room - 2  # a wide letter may not fit


def test_control_characters_do_not_reach_the_terminal():
    stream = io.StringIO()
    line = InterimLine(stream, columns=lambda: 80)
    line.show(Interim("one\x1b[2Jtwo\nthree", 5, 1.0))
    assert stream.getvalue() == f"\r\x1b[Kone [{DIM}2Jtwo three{NORMAL}"
    line.clear()
    line.clear()
    assert stream.getvalue().endswith("\r\x1b[K")
    assert stream.getvalue().count("\r\x1b[K") == 2


def test_cues_of_a_segment_have_the_times_of_the_stream(tmp_path):
    words = tuple(Word(f"w{index}", 100 + index, 100.5 + index, 0.9) for index in range(20))
    transcription = Transcription(" ".join(word.word for word in words), "", words, 20.0)
    output = LiveOutput("srt", raw=True, written=False, events=False, where=tmp_path / "talk.srt")
    output.write(Final(transcription, 100.0, 119.5, 120.0))
    output.close()
    blocks = (tmp_path / "talk.srt").read_text().strip().split("\n\n")
    assert [block.splitlines()[0] for block in blocks] == [
        str(number) for number in range(1, len(blocks) + 1)
    ]
    assert blocks[0].splitlines()[1].startswith("00:01:40,000 --> ")
