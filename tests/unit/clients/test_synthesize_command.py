"""`tritone synthesize`, against a server with the real protocols."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from tritone_client.command import main

from .conftest import TRITONE
from .fakes import RATE_HZ, tone

PACE = r"(\d+\.\d\d) s of speech in \d+\.\d\d s, real-time factor \d+\.\d\d"
CONTAINERS = {
    ".wav": "WAV",
    ".WAV": "WAV",
    ".flac": "FLAC",
    ".ogg": "OGG",
    ".opus": "OGG",
    ".mp3": "MP3",
}


def heard(path):
    samples, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == RATE_HZ
    return samples


def says(path, text):
    return np.allclose(heard(path), tone(text), atol=1e-4)


def test_a_text_is_spoken_into_a_file_and_its_pace_printed(tritone, tmp_path):
    target = tmp_path / "hello.wav"
    result = tritone("synthesize", "hello world", "-o", target)
    assert (result.exit_code, result.stderr) == (0, "")
    (line,) = result.stdout.splitlines()
    assert re.fullmatch(rf"{target}  {PACE}", line)[1] == "1.10"
    assert says(target, "hello world")


def test_several_arguments_are_one_text(tritone, tmp_path):
    tritone("synthesize", "hello", "world", "-o", tmp_path / "a.flac")
    assert says(tmp_path / "a.flac", "hello world")


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_the_suffix_says_the_format(tritone, tmp_path, suffix):
    assert tritone("synthesize", "hello", "-o", tmp_path / f"a{suffix}").exit_code == 0
    assert soundfile.info(tmp_path / f"a{suffix}").format == CONTAINERS[suffix]


def test_a_format_that_is_given_wins_over_the_suffix(tritone, tmp_path):
    tritone("synthesize", "hello", "--format", "flac", "-o", tmp_path / "a.bin")
    assert soundfile.info(tmp_path / "a.bin").format == "FLAC"


def test_pcm_is_samples_alone_and_the_line_says_how_many_bytes(tritone, tmp_path):
    result = tritone("synthesize", "hello", "-o", tmp_path / "a.pcm")
    assert (tmp_path / "a.pcm").stat().st_size == 2 * tone("hello").size
    assert f"a.pcm  {2 * tone('hello').size} bytes in " in result.stdout


def test_stdin_is_one_text_of_any_number_of_lines(tritone, tmp_path):
    text = "One line.\n\nAnd a paragraph.\n"
    assert tritone("synthesize", "-", "-o", tmp_path / "a.wav", stdin=text).exit_code == 0
    assert says(tmp_path / "a.wav", text)


@pytest.mark.parametrize("format_", ["flac", "ogg", "mp3"])
def test_stdout_gets_the_bytes_of_the_file_and_nothing_else(process, tmp_path, format_):
    done = process("synthesize", "hello", "--format", format_, "-o", "-")
    assert (done.returncode, done.stderr) == (0, b"")
    process("synthesize", "hello", "--format", format_, "-o", tmp_path / "a")
    if format_ == "ogg":  # Ogg streams have random serial numbers
        assert soundfile.info(io.BytesIO(done.stdout)).subtype == "OPUS"
    else:
        assert done.stdout == (tmp_path / "a").read_bytes()


def test_wav_and_pcm_on_stdout_begin_while_the_text_is_synthesized(process, behaviour):
    pcm = process("synthesize", "hello world", "--format", "pcm", "--seed", 7, "-o", "-")
    assert (pcm.returncode, pcm.stderr) == (0, b"")
    samples = np.frombuffer(pcm.stdout, "<i2") / 32768
    assert np.allclose(samples, tone("hello world"), atol=1e-4)
    wav = process("synthesize", "hello world", "-o", "-")
    assert wav.stdout[44:] == pcm.stdout
    assert behaviour.answered["text_to_audio"] == 0
    assert behaviour.streams[0].requests[0][2]["seed"] == 7


def test_wav_on_stdout_is_a_file_whose_length_is_open(process):
    content = process("synthesize", "hello world", "-o", "-").stdout
    assert content[:4] + content[8:16] == b"RIFFWAVEfmt "
    with io.BytesIO(content) as file:
        samples, rate_hz = soundfile.read(file)
    assert rate_hz == RATE_HZ
    assert np.allclose(samples, tone("hello world"), atol=1e-4)


def test_text_on_stdin_is_spoken_while_it_comes_in(urls):
    command = [*TRITONE, "synthesize", "-", "--format", "pcm", "-o", "-", "--url", urls["grpc"]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write("It rained. Then".encode("utf-16"))
        process.stdin.flush()
        first = process.stdout.read(2 * tone("It rained.").size)  # before there is more text
        process.stdin.write(" the sun shone".encode("utf-16-le"))
        process.stdin.close()
        rest = process.stdout.read()
        assert process.wait(20) == 0
    assert np.allclose(np.frombuffer(first, "<i2") / 32768, tone("It rained."), atol=1e-4)
    assert np.allclose(np.frombuffer(rest, "<i2") / 32768, tone("Then the sun shone"), atol=1e-4)


@pytest.mark.parametrize("reason", ["http", "no model"])
def test_stdout_gets_the_whole_file_where_nothing_streams(process, urls, behaviour, reason):
    options = ["--protocol", "http"] if reason == "http" else []
    if reason == "no model":
        del behaviour.models["text_to_speech_stream"]
    url = ["--url", urls["http"]] if reason == "http" else []
    command = [*TRITONE, "synthesize", "hello", "-o", "-", *options, *(url or ["--url", urls["grpc"]])]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"RIFF")
    assert behaviour.answered["text_to_audio"] == 1


def test_without_sounddevice_playing_is_an_error_with_the_remedy(tritone, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)  # as if it were not installed
    done = tritone("synthesize", "hello", "--play")
    assert done.exit_code == 1
    assert "pip install 'tritone-client[live]'" in done.stderr


def test_how_to_speak_reaches_the_server(tritone, tmp_path, behaviour):
    options = ["--seed", 7, "--speed", 1.25, "--sigma", 0.5, "--denoise", 0.1]
    tritone("synthesize", "hello", *options, "-o", tmp_path / "a.wav")
    assert behaviour.parameters == [{"seed": 7, "speed": 1.25, "sigma": 0.5, "denoise": 0.1}]


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_both_protocols_write_the_same(tritone, urls, tmp_path, protocol):
    target = tmp_path / "a.wav"
    arguments = ("synthesize", "hello", "--protocol", protocol, "-o", target)
    assert tritone(*arguments, url=urls[protocol]).exit_code == 0
    assert says(target, "hello")


def test_a_file_is_written_over(tritone, tmp_path):
    target = tmp_path / "a.wav"
    target.write_bytes(b"from before, and longer" * 10_000)
    assert tritone("synthesize", "hello", "-o", target).exit_code == 0
    assert says(target, "hello")


def test_a_file_is_kept_when_the_text_fails(tritone, tmp_path):
    target = tmp_path / "a.wav"
    target.write_text("from before")
    result = tritone("synthesize", "...", "-o", target)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "tritone: text: expected a word, got none.\n"
    assert target.read_text() == "from before"


def test_a_file_that_cannot_be_written_is_reported(tritone):
    result = tritone("synthesize", "hello", "--format", "wav", "-o", "/dev/full")
    assert (result.exit_code, result.stderr) == (1, "tritone: No space left on device\n")


def test_each_line_of_a_file_is_a_file_numbered_like_it(tritone, tmp_path):
    (tmp_path / "lines.txt").write_bytes("\ufeffone\r\n\r\n  three \ngrüße".encode())
    result = tritone("synthesize", "--from", tmp_path / "lines.txt", "-o", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (0, "")
    written = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in written] == ["001.wav", "003.wav", "004.wav"]
    assert all(map(says, written, ["one", "three", "grüße"]))
    *lines, total = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(map(str, written))
    assert re.fullmatch(rf"3 files  {PACE}", total)[1] == "1.30"


def test_numbers_of_lines_sort_in_the_order_of_the_file(tritone, tmp_path):
    lines = "one\n" + "\n" * 1234 + "last"
    assert tritone("synthesize", "--from", "-", "-o", tmp_path, stdin=lines).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0001.wav", "1236.wav"]


def test_each_text_file_of_a_folder_is_a_file_of_its_name(tritone, tmp_path):
    for name in ("a.txt", "b.TXT", ".hidden.txt", "notes.md", "deep/a.txt"):
        path = tmp_path / "texts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"in {path.stem}")
    shallow = tritone("synthesize", "--from", tmp_path / "texts", "-o", tmp_path / "out", "--format", "flac")
    assert shallow.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.flac", "b.flac"]
    tritone("synthesize", "-r", "--from", tmp_path / "texts", "-o", tmp_path / "out", "--format", "flac")
    assert says(tmp_path / "out" / "deep" / "a.flac", "in a")


def test_a_bad_text_among_good_ones_fails_alone(tritone, tmp_path):
    stdin = b"one\n...\nnot \xff utf-8\nlast"
    result = tritone("synthesize", "--from", "-", "-o", tmp_path / "out", stdin=stdin)
    assert result.exit_code == 1
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == ["001.wav", "004.wav"]
    refusals = [
        "expected a word, got none.",
        "expected valid Unicode in UTF-8, got the byte 0xFF at character 4, "
        "probably Latin-1 or Windows-1252; save the text as UTF-8.",
    ]
    assert result.stderr.splitlines() == [
        f"-:{n}: text: {why}" for n, why in zip((2, 3), refusals, strict=True)
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_byte_order_mark_says_how_a_text_is_encoded(tritone, tmp_path, encoding, line_end):
    mark = "\ufeff" if encoding.endswith(("le", "be")) else ""
    content = f"{mark}one größe{line_end}{line_end}two{line_end}".encode(encoding)
    place = tmp_path / "lines.txt"
    place.write_bytes(content)
    result = tritone("synthesize", "--from", place, "-o", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (0, "")
    assert says(tmp_path / "out" / "001.wav", "one größe")
    assert says(tmp_path / "out" / "003.wav", "two")
    assert tritone("punctuate", "-", stdin=content).stdout == "One größe.\n\nTwo.\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("one".encode("utf-16-le"), "got a NUL at byte 1, as in UTF-16 without a byte order mark"),
        (
            "one".encode("utf-16")[:-1],
            "got an invalid character at byte 6",
        ),
    ],
)
@pytest.mark.parametrize(
    "arguments", [["synthesize", "-"], ["synthesize", "--from", "-"], ["punctuate", "-"]]
)
def test_what_is_no_text_is_refused_before_anything_is_sent(
    tritone, tmp_path, behaviour, arguments, content, why
):
    output = ["-o", tmp_path / ("out" if "--from" in arguments else "out.wav")] * (
        arguments[0] == "synthesize"
    )
    result = tritone(*arguments, *output, stdin=content)
    assert (result.exit_code, behaviour.asked) == (1, [])
    assert result.stderr.startswith("-: text: ")
    assert why in result.stderr


def test_texts_of_a_folder_that_cannot_be_read_are_reported_and_the_others_spoken(tritone, tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "good.txt").write_text("good")
    (folder / "utf16.txt").write_bytes("bad".encode("utf-16-le"))
    (folder / "gone.txt").symlink_to(tmp_path / "nothing")
    (folder / "notes.md").write_text("notes")
    result = tritone("synthesize", "--from", folder, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert says(tmp_path / "out" / "good.wav", "good")
    assert result.stderr.splitlines() == [
        f"{folder}/gone.txt: dangling link: {tmp_path}/nothing does not exist",
        f"{folder}/notes.md: skipped: unknown suffix .md",
        f"{folder}/utf16.txt: text: expected UTF-8, got a NUL at byte 1, as in UTF-16 without a byte order "
        "mark or in a binary file; save the text as UTF-8.",
    ]


def test_texts_whose_files_exist_can_be_skipped(tritone, tmp_path, behaviour):
    (tmp_path / "lines.txt").write_text("one\ntwo\nthree")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "002.wav").write_bytes(b"from before")
    arguments = ["synthesize", "--from", tmp_path / "lines.txt", "-o", tmp_path / "out", "--skip-existing"]
    result = tritone(*arguments)
    assert (result.exit_code, result.stderr) == (0, "tritone: 1 of 3 skipped, as their files exist\n")
    assert (tmp_path / "out" / "002.wav").read_bytes() == b"from before"
    assert says(tmp_path / "out" / "003.wav", "three")
    asked = len(behaviour.asked)
    assert tritone(*arguments).exit_code == 0
    assert len(behaviour.asked) == asked


def test_one_text_whose_file_exists_can_be_skipped(tritone, tmp_path):
    target = tmp_path / "a.wav"
    target.write_bytes(b"from before")
    assert tritone("synthesize", "hello", "-o", target, "--skip-existing").exit_code == 0
    assert target.read_bytes() == b"from before"


@pytest.mark.parametrize("content", [None, "", "\n \n"])
def test_nothing_to_speak_is_an_error_that_needs_no_server(tritone, tmp_path, free_port, content):
    place = tmp_path / "lines.txt"
    if content is not None:
        place.write_text(content)
    result = tritone("synthesize", "--from", place, "-o", tmp_path, url=f"localhost:{free_port}")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{place}: ")


def test_two_texts_are_never_written_to_the_same_file(tritone, tmp_path):
    for name in ("a.txt", "a.TXT"):
        (tmp_path / name).write_text("hello")
    assert tritone("synthesize", "--from", tmp_path, "-o", tmp_path / "out").exit_code == 2
    assert not (tmp_path / "out").exists()


def test_concurrency_is_bounded(tritone, tmp_path, behaviour):
    texts = [f"text {number}" for number in range(9)]
    behaviour.answer_after_s.update(dict.fromkeys(texts, 0.05))
    arguments = ["synthesize", "--from", "-", "-o", tmp_path, "--concurrency", 3]
    assert tritone(*arguments, stdin="\n".join(texts)).exit_code == 0
    assert behaviour.most_in_flight == 3


def test_a_server_without_a_voice_is_told_from_an_unreachable_one(tritone, tmp_path, behaviour, free_port):
    del behaviour.models["text_to_audio"]
    result = tritone("synthesize", "hello", "-o", tmp_path / "a.wav")
    assert result.exit_code == 1
    assert "does not serve text_to_audio" in result.stderr
    away = tritone(
        "synthesize", "hello", "-o", tmp_path / "a.wav", "--retries", 0, url=f"localhost:{free_port}"
    )
    assert away.exit_code == 1
    assert "is unavailable" in away.stderr


def test_reading_prints_words_and_speaks_nothing(tritone, tmp_path, behaviour):
    result = tritone("synthesize", "--reading", "hello", "world")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "HELLO WORLD\n", "")
    result = tritone("synthesize", "--reading", "-", stdin="one two\n")
    assert (result.exit_code, result.stdout.strip()) == (0, "ONE TWO")
    result = tritone("synthesize", "--reading", "--from", "-", stdin="one\n\n...\nthree\n")
    assert (result.exit_code, result.stdout) == (1, "ONE\nTHREE\n")
    assert "-:3: " in result.stderr
    assert set(behaviour.asked) == {"text_to_speech"}
    assert {tuple(outputs) for outputs in behaviour.requested} == {("reading",)}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["hello"], "--output"),
        (["hello", "--reading", "-o", "a.wav"], "one of -o / --output, --play or --reading"),
        (["hello", "--play", "-o", "a.wav"], "one of -o / --output, --play or --reading"),
        (["--from", __file__, "--play"], "--play speaks one text"),
        (["hello", "--play", "--skip-existing"], "--skip-existing is for files"),
        (["hello", "--play", "--protocol", "http"], "--protocol grpc"),
        (["hello", "-o", "a.wav", "--device", "1"], "--device is for --play"),
        (["-o", "a.wav"], "TEXT or --from"),
        (["hello", "--from", "-", "-o", "out"], "TEXT or --from"),
        (["hello", "-o", "a"], "expected .wav, .flac,"),
        (["hello", "-o", "a.aiff"], "or give --format"),
        (["hello", "-o", "a.wav", "--format", "aiff"], "--format"),
        (["hello", "-o", "/no/such/folder/a.wav"], "its folder does not exist"),
        (["hello", "-o", "/tmp"], "one text needs a file"),
        (["hello", "-o", "out/"], "one text needs a file"),
        (["--from", __file__, "-o", __file__], "needs a folder"),
        (["--from", __file__, "-o", "-"], "needs a folder"),
        (["hello", "-o", "a.wav", "--seed", "-1"], "--seed: expected a whole number from 0 to"),
        (["hello", "-o", "a.wav", "--seed", "1.5"], "--seed"),
        (["hello", "-o", "a.wav", "--speed", "0.4"], "--speed: expected a number from 0.5 to 2, got 0.4"),
        (["hello", "-o", "a.wav", "--sigma", "nan"], "--sigma: expected a number from 0 to 1, got nan"),
        (["hello", "-o", "a.wav", "--denoise", "much"], "--denoise"),
        (["hello", "-o", "-", "--skip-existing"], "--skip-existing needs a file for each result"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_why(arguments, says):
    result = CliRunner().invoke(main, ["synthesize", *arguments])
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())


def test_audio_is_not_written_to_a_terminal(urls):
    screen, terminal = pty.openpty()
    command = [*TRITONE, "synthesize", "hello", "-o", "-", "--url", urls["grpc"]]
    done = subprocess.run(command, stdout=terminal, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(terminal)
    os.close(screen)
    assert done.returncode == 2
    assert b"pipe it into a player" in b" ".join(done.stderr.split())


def test_a_closed_pipe_ends_the_command_quietly(urls, behaviour):
    behaviour.answer_after_s["slow"] = 0.5
    command = subprocess.Popen(
        [*TRITONE, "synthesize", "slow", "-o", "-", "--url", urls["grpc"]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    command.stdout.close()
    assert command.wait(60) == 1
    assert command.stderr.read() == b""
    command.stderr.close()


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_ctrl_c_ends_the_command_with_130_and_leaves_no_file(urls, behaviour, tmp_path, protocol):
    behaviour.answer_after_s["slow"] = 16.0
    address = ["--url", urls[protocol], "--protocol", protocol]
    command = subprocess.Popen(
        [*TRITONE, "synthesize", "slow", "-o", tmp_path / "a.wav", *address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Background jobs of a shell ignore SIGINT, and their children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not behaviour.in_flight and command.poll() is None:
        time.sleep(0.02)
    started_s = time.monotonic()
    command.send_signal(signal.SIGINT)
    stdout, stderr = command.communicate(timeout=60)
    assert command.returncode == 130
    assert (stdout, stderr) == (b"", b"tritone: interrupted\n")
    assert time.monotonic() - started_s < 13
    assert not list(tmp_path.iterdir())
