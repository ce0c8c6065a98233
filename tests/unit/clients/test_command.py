"""The `tritone` command, against a server with the real protocols."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from tritone_client.command import main
from tritone_client.command.skipped import SkippedItem
from tritone_client.command.sources import Source, find_sources

from .conftest import TRITONE
from .fakes import FaultError, GrpcServer

BAD = "audio_bytes: expected audio, got text."


@pytest.fixture
def bad_file(tmp_path):
    path = tmp_path / "bad.wav"
    path.write_text("only text")
    return path


@pytest.mark.parametrize("given", ["on", "off"])
def test_detection_of_speech_is_asked_for_only_if_given(tritone, record, behaviour, given):
    assert tritone("transcribe", "--vad", given, record("a.wav", "hello world")).exit_code == 0
    assert tritone("transcribe", record("b.wav", "hello world")).exit_code == 0
    assert behaviour.parameters == [{"vad": given}, {}]


def test_detection_of_speech_is_on_or_off(tritone, record):
    result = tritone("transcribe", "--vad", "maybe", record("a.wav", "hello"))
    assert result.exit_code == 2
    assert "'maybe' is not one of 'on', 'off'" in result.stderr


def test_one_file_prints_its_text_only(tritone, record):
    result = tritone("transcribe", record("a.wav", "hello world"))
    assert (result.exit_code, result.stdout, result.stderr) == (0, "Hello world.\n", "")


def test_raw_prints_what_was_recognised(tritone, record):
    assert tritone("transcribe", "--raw", record("a.wav", "hello world")).stdout == "hello world\n"


def test_written_prints_figures_in_every_format(tritone, record):
    path = record("a.wav", "pay two hundred now")
    assert tritone("transcribe", "--written", path).stdout == "pay 200 now\n"
    assert "\npay 200 now\n" in tritone("transcribe", "--written", "--format", "srt", path).stdout
    shown = json.loads(tritone("transcribe", "--written", "--format", "json", path).stdout)
    assert (shown["text"], shown["written_text"]) == ("Pay two hundred now.", "pay 200 now")
    assert shown["written_words"][1] == {"word": "200", "start_s": 0.5, "end_s": 1.4, "confidence": 0.5}


def test_raw_and_written_exclude_each_other(tritone, record):
    result = tritone("transcribe", "--raw", "--written", record("a.wav", "hello"))
    assert result.exit_code == 2
    assert "exclude each other" in result.stderr


def test_several_files_are_named_and_keep_their_order(tritone, behaviour, record):
    slow, quick = record("slow.wav", "slow"), record("quick.wav", "quick")
    behaviour.answer_after_s["slow"] = 0.3
    result = tritone("transcribe", slow, quick)
    assert result.stdout == f"{slow}: Slow.\n{quick}: Quick.\n"


def test_json_has_the_contracts_keys_and_milliseconds(tritone, record):
    path = record("a.wav", "hello world", seconds=1.234375)
    (line,) = tritone("transcribe", "--format", "json", path).stdout.splitlines()
    assert json.loads(line) == {
        "file": str(path),
        "duration_s": 1.234,
        "transcript": "hello world",
        "text": "Hello world.",
        "words": [
            {"word": "hello", "start_s": 0.0, "end_s": 0.4, "confidence": 0.75},
            {"word": "world", "start_s": 0.5, "end_s": 0.9, "confidence": 0.75},
        ],
    }
    assert list(json.loads(line)) == ["file", "duration_s", "transcript", "text", "words"]


def test_json_of_several_files_is_a_line_each(tritone, record):
    paths = [record(f"{number}.wav", f"number {number}") for number in range(5)]
    lines = tritone("transcribe", "--format", "json", *paths).stdout.splitlines()
    assert [json.loads(line)["file"] for line in lines] == [str(path) for path in paths]


def test_letters_outside_ascii_stay_readable_in_json(tritone, record):
    assert "größe" in tritone("transcribe", "--format", "json", record("a.wav", "größe")).stdout


@pytest.mark.parametrize(
    ("format_", "begin"), [("srt", "1\n00:00:00,000 --> "), ("vtt", "WEBVTT\n\n00:00:00.000 --> ")]
)
def test_captions_of_one_file_go_to_stdout(tritone, record, format_, begin):
    result = tritone("transcribe", "--format", format_, record("a.wav", "hello world"))
    assert result.stdout.startswith(begin)
    assert "Hello world.\n" in result.stdout


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_both_protocols_print_the_same(tritone, urls, record, protocol):
    path = record("a.wav", "hello world")
    result = tritone("transcribe", "--protocol", protocol, path, url=urls[protocol])
    assert (result.exit_code, result.stdout) == (0, "Hello world.\n")


def test_a_folder_stands_for_its_audio_files_in_order(tritone, tmp_path, record):
    for name in ("talks/b.WAV", "talks/a.wav", "talks/.hidden.wav", "talks/deep/c.wav"):
        record(name, f"in {Path(name).stem}")
    (tmp_path / "talks" / "notes.txt").write_text("no audio")
    folder = tmp_path / "talks"
    assert tritone("transcribe", folder).stdout == f"{folder}/a.wav: In a.\n{folder}/b.WAV: In b.\n"
    assert tritone("transcribe", "-r", folder).stdout.endswith(f"{folder}/deep/c.wav: In c.\n")


def test_what_a_folder_holds_beside_audio_is_named(tritone, tmp_path, record):
    for name in ("talks/a.m4a", "talks/b.webm", "talks/deep/c.AMR"):
        record(name, f"in {Path(name).stem}")
    folder = tmp_path / "talks"
    (folder / "notes.txt").write_text("no audio")
    (folder / "README").write_text("no audio")
    (folder / "deep" / "link").symlink_to(folder)
    result = tritone("transcribe", "-r", folder)
    assert result.stdout.splitlines() == [
        f"{folder}/a.m4a: In a.",
        f"{folder}/b.webm: In b.",
        f"{folder}/deep/c.AMR: In c.",
    ]
    assert result.stderr.splitlines() == [
        f"{folder}/README: skipped: no suffix",
        f"{folder}/deep/link: skipped: a link to a folder",
        f"{folder}/notes.txt: skipped: unknown suffix .txt",
    ]
    assert result.exit_code == 0


def test_a_dangling_link_is_a_failure(tritone, tmp_path, record):
    good = record("talks/good.wav", "good")
    link = tmp_path / "talks" / "gone.wav"
    link.symlink_to(tmp_path / "nothing.wav")
    why = f"{link}: dangling link: {tmp_path}/nothing.wav does not exist\n"
    for arguments in (["transcribe", tmp_path / "talks"], ["transcribe", good, link]):
        result = tritone(*arguments)
        assert (result.exit_code, result.stdout, result.stderr) == (1, f"{good}: Good.\n", why)


def test_a_pipe_in_a_folder_is_a_failure(tritone, tmp_path, record):
    good = record("talks/good.wav", "good")
    os.mkfifo(tmp_path / "talks" / "pipe.wav")
    result = tritone("transcribe", tmp_path / "talks")
    assert (result.exit_code, result.stdout) == (1, f"{good}: Good.\n")
    assert result.stderr == f"{tmp_path}/talks/pipe.wav: not a regular file\n"


@pytest.fixture
def without_privileges():
    """Run as a user other than root, to whom permissions apply."""
    if os.geteuid():
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_cannot_be_read_is_named_for_that(without_privileges):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "locked").mkdir()
        (folder / "locked").chmod(0)
        (folder / "a.wav").touch()
        inside = list(find_sources([name], recursive=True))
        alone = list(find_sources([str(folder / "locked")], recursive=False))
        (folder / "locked").chmod(0o700)
    assert [type(item) for item in inside] == [Source, SkippedItem]
    assert inside[1] == SkippedItem(f"{name}/locked", "Permission denied")
    assert alone == [SkippedItem(f"{name}/locked", "Permission denied")]


def test_stdin_is_a_file(tritone, record):
    path = record("a.wav", "hello world")
    result = tritone("transcribe", "--format", "json", "-", stdin=path.read_bytes())
    assert json.loads(result.stdout)["file"] == "-"
    assert json.loads(result.stdout)["duration_s"] == 2.0


def test_stdin_twice_is_wrong_usage(tritone):
    assert tritone("transcribe", "-", "-", stdin=b"").exit_code == 2


def test_a_bad_file_among_good_ones_fails_alone(tritone, record, bad_file):
    first, last = record("first.wav", "first"), record("last.wav", "last")
    result = tritone("transcribe", first, bad_file, last)
    assert result.stdout == f"{first}: First.\n{last}: Last.\n"
    assert result.stderr == f"{bad_file}: {BAD}\n"
    assert result.exit_code == 1


def test_a_missing_file_is_reported_and_the_others_are_done(tritone, tmp_path, record):
    good = record("good.wav", "good")
    result = tritone("transcribe", tmp_path / "missing.wav", good)
    assert result.stdout == f"{good}: Good.\n"
    assert result.stderr == f"{tmp_path}/missing.wav: no such file or folder\n"
    assert result.exit_code == 1


def test_an_unreadable_file_is_reported_and_the_others_are_done(tritone, record):
    good = record("good.wav", "good")
    result = tritone("transcribe", "/proc/self/mem", good)
    assert result.stdout == f"{good}: Good.\n"
    assert result.stderr == "/proc/self/mem: Input/output error\n"
    assert result.exit_code == 1


def test_a_folder_without_audio_is_an_error_that_needs_no_server(tritone, tmp_path, free_port):
    result = tritone("transcribe", tmp_path, url=f"localhost:{free_port}")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{tmp_path}: folder without audio files (WAV, FLAC, OGG, MP3, ")


def test_an_unreachable_server_is_reported_once(tritone, record, free_port):
    paths = [record(f"{number}.wav", "any") for number in range(5)]
    result = tritone("transcribe", "--retries", 0, *paths, url=f"localhost:{free_port}")
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"tritone: localhost:{free_port} is unavailable over gRPC (Connection refused)")
    assert "--wait" in line


def test_a_loading_server_is_told_from_an_unreachable_one(tritone, behaviour, record):
    behaviour.models["audio_to_text"] = False
    result = tritone("transcribe", record("a.wav", "hello"))
    assert result.exit_code == 1
    assert "not ready for audio_to_text: it is still loading" in result.stderr


def test_wait_waits_for_a_loading_server(tritone, behaviour, record):
    behaviour.models["audio_to_text"] = False
    threading.Timer(0.5, behaviour.models.update, [{"audio_to_text": True}]).start()
    result = tritone("transcribe", "--wait", 20, record("a.wav", "hello"))
    assert (result.exit_code, result.stdout) == (0, "Hello.\n")


def test_a_busy_server_is_asked_again(tritone, behaviour, record):
    behaviour.faults.extend([FaultError("UNAVAILABLE", "busy")] * 2)
    assert tritone("transcribe", "--retries", 2, record("a.wav", "hello")).stdout == "Hello.\n"


def test_a_timeout_is_the_files_error(tritone, behaviour, record):
    behaviour.answer_after_s["slow"] = 2
    path = record("slow.wav", "slow")
    result = tritone("transcribe", "--timeout", 0.3, path)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{path}: no answer from localhost:")


@pytest.mark.parametrize("concurrency", [1, 3])
def test_concurrency_is_bounded(tritone, behaviour, record, concurrency):
    paths = [record(f"{number}.wav", f"number {number}") for number in range(9)]
    behaviour.answer_after_s.update({f"number {number}": 0.05 for number in range(9)})
    assert tritone("transcribe", "--concurrency", concurrency, *paths).exit_code == 0
    assert behaviour.most_in_flight == concurrency


def test_output_to_a_file(tritone, tmp_path, record):
    paths, target = [record("a.wav", "one"), record("b.wav", "two")], tmp_path / "out.jsonl"
    result = tritone("transcribe", "--format", "json", "-o", target, *paths)
    assert (result.exit_code, result.stdout) == (0, "")
    assert [json.loads(line)["text"] for line in target.read_text().splitlines()] == ["One.", "Two."]


def test_an_output_file_is_kept_when_nothing_succeeds(tritone, tmp_path, bad_file):
    target = tmp_path / "out.txt"
    target.write_text("from before")
    assert tritone("transcribe", "-o", target, bad_file).exit_code == 1
    assert target.read_text() == "from before"


def test_an_output_that_cannot_be_written_is_the_files_error(tritone, record):
    path = record("a.wav", "hello")
    result = tritone("transcribe", "-o", "/dev/full", path)
    assert (result.exit_code, result.stderr) == (1, f"{path}: No space left on device\n")


@pytest.mark.parametrize("format_", ["srt", "vtt", "text", "json"])
def test_output_to_a_folder_is_a_file_for_each_recording(tritone, tmp_path, record, format_):
    paths = [record("a.wav", "one"), record("b.wav", "two")]
    assert tritone("transcribe", "--format", format_, "-o", f"{tmp_path}/out/", *paths).exit_code == 0
    suffix = {"text": "txt"}.get(format_, format_)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"a.{suffix}", f"b.{suffix}"]
    assert "Two." in (tmp_path / "out" / f"b.{suffix}").read_text()


def test_an_output_folder_mirrors_a_recursive_input_folder(tritone, tmp_path, record):
    record("in/a.wav", "one")
    record("in/deep/a.wav", "two")
    result = tritone("transcribe", "-r", "-o", f"{tmp_path}/out/", tmp_path / "in")
    assert result.exit_code == 0
    assert (tmp_path / "out" / "a.txt").read_text() == "One.\n"
    assert (tmp_path / "out" / "deep" / "a.txt").read_text() == "Two.\n"


@pytest.mark.parametrize("name", ["b.wav", "b.M4A", "new.opus"])
def test_text_is_never_written_over_a_recording(tritone, tmp_path, record, name):
    first, second = record("a.wav", "one"), record(name, "two")
    before = second.read_bytes()
    result = tritone("transcribe", "-o", second, first)  # as from -o *.wav
    assert result.exit_code == 2
    assert "the suffix of a recording" in result.stderr
    assert second.read_bytes() == before


@pytest.mark.parametrize("format_", ["text", "json"])
def test_text_is_never_written_over_an_input_of_any_name(tritone, tmp_path, record, format_):
    audio, link = record("a.txt", "one"), tmp_path / "link.txt"
    link.symlink_to(audio)
    before = audio.read_bytes()
    for output in (audio, link, f"{tmp_path}/") if format_ == "text" else (audio, link):
        result = tritone("transcribe", "--format", format_, "-o", output, audio)
        assert result.exit_code == 2
        assert "written over a recording" in result.stderr
        assert audio.read_bytes() == before


def test_recordings_whose_files_exist_can_be_skipped(tritone, tmp_path, behaviour, record):
    paths = [record(f"{name}.wav", name) for name in ("one", "two", "three")]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "two.txt").write_text("from before")
    arguments = ["transcribe", "-o", f"{tmp_path}/out/", "--skip-existing", *paths]
    result = tritone(*arguments)
    assert (result.exit_code, result.stderr) == (0, "tritone: 1 of 3 skipped, as their files exist\n")
    assert (tmp_path / "out" / "two.txt").read_text() == "from before"
    assert (tmp_path / "out" / "three.txt").read_text() == "Three.\n"
    asked = len(behaviour.asked)
    assert tritone(*arguments).exit_code == 0
    assert len(behaviour.asked) == asked


def test_one_recording_whose_file_exists_can_be_skipped(tritone, tmp_path, record):
    target = tmp_path / "a.srt"
    target.write_text("from before")
    arguments = ["transcribe", "--format", "srt", "--skip-existing", "-o", target]
    assert tritone(*arguments, record("a.wav", "one")).exit_code == 0
    assert target.read_text() == "from before"


@pytest.mark.parametrize("output", [[], ["-o", "-"], ["-o", "all.txt"]])
def test_skipping_needs_a_file_for_each_recording(tritone, tmp_path, record, monkeypatch, output):
    monkeypatch.chdir(tmp_path)
    result = tritone("transcribe", "--skip-existing", *output, record("a.wav", "a"), record("b.wav", "b"))
    assert result.exit_code == 2
    assert "--skip-existing needs a file for each result" in " ".join(result.stderr.split())


def test_a_result_that_cannot_be_written_whole_leaves_no_file(tritone, tmp_path, record):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".a.txt.unfinished").symlink_to("/dev/full")
    path = record("a.wav", "hello")
    result = tritone("transcribe", "-o", f"{tmp_path}/out/", path)
    assert (result.exit_code, result.stderr) == (1, f"{path}: No space left on device\n")
    assert list((tmp_path / "out").iterdir()) == []


def test_two_results_are_never_written_to_the_same_file(tritone, tmp_path, record):
    paths = [record("x/a.wav", "one"), record("y/a.wav", "two")]
    result = tritone("transcribe", "-o", f"{tmp_path}/out/", *paths)
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_captions_of_several_files_without_a_folder_are_wrong_usage(tritone, tmp_path, record):
    paths = [record("a.wav", "one"), record("b.wav", "two")]
    (tmp_path / "out.srt").touch()
    for output in ([], ["-o", tmp_path / "out.srt"]):
        result = tritone("transcribe", "--format", "srt", *output, *paths)
        assert result.exit_code == 2
        assert "need a folder" in result.stderr


@pytest.mark.parametrize("form", ["http://{}", "HTTP://{}/", "{}"])
def test_an_http_address_may_have_its_scheme(tritone, urls, record, form):
    url = form.format(urls["http"])
    result = tritone("transcribe", "--protocol", "http", record("a.wav", "hello"), url=url)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "Hello.\n", "")


@pytest.mark.parametrize(
    ("protocol", "url", "says"),
    [
        ("grpc", "http://localhost:8000", "use the protocol http"),
        ("http", "grpc://localhost:8001", "use the protocol grpc"),
        ("http", "grpcs://localhost:8001", "use the protocol grpc"),
        ("grpc", "https://localhost:8000", "use the protocol http"),
        ("http", "ftp://localhost:21", "leave out ftp://"),
        ("http", "http://localhost", "HOST:PORT without path"),
        ("http", "http://localhost:8000/v2", "HOST:PORT without path"),
        ("grpc", "localhost:8001/", "HOST:PORT without path"),
    ],
)
def test_an_address_that_cannot_be_used_is_wrong_usage_with_a_remedy(tritone, record, protocol, url, says):
    result = tritone("transcribe", "--protocol", protocol, record("a.wav", "hello"), url=url)
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["transcribe"],
        ["transcribe", "--format", "docx", "a.wav"],
        ["transcribe", "--concurrency", "0", "a.wav"],
        ["transcribe", "--timeout", "0", "a.wav"],
        ["transcribe", "--url", "http://localhost:8001", __file__],
        ["transcribe", "-o", "/no/such/folder/out.txt", __file__],
        ["punctuate"],
        ["speak"],
    ],
)
def test_wrong_usage_exits_with_2(arguments):
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


def test_punctuate_prints_the_punctuated_text(tritone):
    assert tritone("punctuate", "hello world").stdout == "Hello world.\n"
    assert tritone("punctuate", "hello", "world").stdout == "Hello world.\n"


def test_punctuate_of_stdin_keeps_lines_side_by_side(tritone):
    result = tritone("punctuate", "-", stdin=b"hello\n\nw\xff\nworld\n")
    assert result.stdout == "Hello.\n\n\nWorld.\n"
    assert result.stderr.startswith("line 3: transcript: expected valid Unicode")
    assert result.exit_code == 1


def test_health_of_a_ready_server(tritone):
    result = tritone("health")
    assert result.exit_code == 0
    assert "triton 2.51.0" in result.stdout
    assert "audio_to_text     ready, version 1\n" in result.stdout


def test_health_of_a_loading_server_shows_what_is_missing(tritone, behaviour):
    behaviour.models["punctuate"] = False
    result = tritone("health")
    assert result.exit_code == 1
    assert "punctuate         not ready\n" in result.stdout


def test_health_of_an_unreachable_server(tritone, free_port):
    result = tritone("health", "--retries", 0, url=f"localhost:{free_port}")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is unavailable" in result.stderr


def test_the_address_may_come_from_the_environment(urls, record, monkeypatch):
    monkeypatch.setenv("TRITONE_URL", urls["grpc"])
    assert CliRunner().invoke(main, ["transcribe", str(record("a.wav", "hello"))]).stdout == "Hello.\n"


def test_a_pipe_gets_results_only(process, record, bad_file):
    done = process("transcribe", record("a.wav", "hello"), bad_file)
    assert done.returncode == 1
    assert done.stdout.decode() == f"{record('a.wav', 'hello')}: Hello.\n"
    assert done.stderr.decode() == f"{bad_file}: {BAD}\n"


def test_audio_comes_through_a_pipe(process):
    assert process("transcribe", "-", input=b"no audio").stderr.decode() == f"-: {BAD}\n"


def test_a_terminal_shows_a_progress_bar(urls, behaviour, record):
    behaviour.answer_after_s["slow"] = 1.0
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))  # rows, columns, pixels
    os.set_blocking(screen, False)
    done = subprocess.run(
        [*TRITONE, "transcribe", record("slow.wav", "slow"), "--url", urls["grpc"]],
        stdout=subprocess.PIPE,
        stderr=terminal,
        timeout=60,
        check=True,
    )
    assert done.stdout == b"Slow.\n"
    assert b"0/1" in os.read(screen, 10_000)
    os.close(terminal)
    os.close(screen)


def test_a_closed_pipe_ends_the_command_quietly(urls, record):
    paths = [record(f"{number}.wav", f"number {number}") for number in range(30)]
    command = subprocess.Popen(
        [*TRITONE, "transcribe", *paths, "--url", urls["grpc"]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    command.stdout.readline()
    command.stdout.close()
    assert command.wait(60) == 1
    assert command.stderr.read() == b""
    command.stderr.close()


def test_a_server_that_goes_away_is_one_line_on_stderr(behaviour, record):
    behaviour.answer_after_s["slow"] = 1.0
    path = record("slow.wav", "slow")
    with GrpcServer(behaviour) as server:
        command = subprocess.Popen(
            [*TRITONE, "transcribe", path, "--retries", "0", "--url", server.url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        while not behaviour.in_flight and command.poll() is None:
            time.sleep(0.02)
    stdout, stderr = command.communicate(timeout=60)
    assert (command.returncode, stdout) == (1, b"")
    (line,) = stderr.decode().splitlines()
    assert line.startswith(f"{path}: {server.url} is unavailable over gRPC (")


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_ctrl_c_ends_the_command_with_130(urls, behaviour, record, protocol):
    behaviour.answer_after_s["slow"] = 8.0
    command = subprocess.Popen(
        [*TRITONE, "transcribe", record("slow.wav", "slow"), "--url", urls[protocol], "--protocol", protocol],
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
    assert time.monotonic() - started_s < 6


def sent_boost(behaviour):
    return json.loads(behaviour.parameters[-1]["boost"])


def test_phrases_come_from_options_and_files_and_options_win(tritone, behaviour, tmp_path, record):
    names = tmp_path / "names.txt"
    names.write_text("# people\n\nHester Prynne = 8\nPearl\nx=y=2\n")
    given = ("--boost", "Pearl=-2.5", "--boost", "scaffold", "--boost-file", names)
    assert tritone("transcribe", *given, record("a.wav", "hello")).exit_code == 0
    assert sent_boost(behaviour) == {"Hester Prynne": 8, "Pearl": -2.5, "scaffold": 5, "x=y": 2}


def test_decoder_and_alternatives_are_sent_and_shown(tritone, behaviour, record):
    path = record("a.wav", "hello")
    result = tritone("transcribe", "--decoder", "beam", "--alternatives", "2", "--format", "json", path)
    assert behaviour.parameters[-1] == {"decoder": "beam", "alternatives": 2}
    assert json.loads(result.stdout)["alternatives"] == [
        {"transcript": "hello", "score": 0.0},
        {"transcript": "hello 1", "score": -1.0},
    ]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--boost", "=8"], "expected PHRASE=WEIGHT, e.g. \"Hester Prynne=8\", got '=8'"),
        (["--boost", "Pearl=much"], "got 'Pearl=much'"),
        (["--boost", "Pearl=21"], "boost: expected weights from -20 to 20, got 21"),
        (["--boost-file", "missing.txt"], "missing.txt cannot be read"),
        (["--decoder", "viterbi"], "'viterbi' is not one of 'beam', 'greedy'"),
        (["--alternatives", "11", "--format", "json"], "11 is not in the range"),
        (["--alternatives", "2"], "--alternatives needs --format json"),
    ],
)
def test_unsuitable_options_of_recognition_are_wrong_usage(tritone, behaviour, record, given, says):
    result = tritone("transcribe", *given, record("a.wav", "hello"))
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())
    assert not behaviour.asked


def test_a_line_of_a_boost_file_is_named_by_its_number(tritone, tmp_path, record):
    names = tmp_path / "names.txt"
    names.write_text("Pearl=3\nHester=x\n")
    result = tritone("transcribe", "--boost-file", names, record("a.wav", "hello"))
    assert "line 2: expected PHRASE=WEIGHT" in " ".join(result.stderr.split())
