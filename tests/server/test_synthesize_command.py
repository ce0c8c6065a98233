"""`tritone synthesize` on the real server."""

from __future__ import annotations

import io
import re
import subprocess
import sys

import numpy as np
import pytest
import soundfile

TRITONE = [sys.executable, "-m", "tritone_client.command"]
TEXT = "Hello there. How are you?"
PACE = r"(\d+\.\d\d) s of speech in \d+\.\d\d s, real-time factor \d+\.\d\d"


@pytest.fixture(scope="module", params=["grpc", "http"])
def tritone(server, request):
    """A function that runs the command, over both protocols."""
    address = ["--protocol", request.param, "--url", getattr(server, f"{request.param}_url")]

    def run(*arguments, stdin=None):
        command = [*TRITONE, *map(str, arguments), *address]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=120, check=False)

    return run


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_text_is_spoken_into_a_file_of_the_printed_length(tritone, tmp_path, suffix):
    target = tmp_path / f"hello.{suffix}"
    done = tritone("synthesize", TEXT, "--seed", 7, "-o", target)
    assert (done.returncode, done.stderr) == (0, b"")
    printed_s = float(re.fullmatch(rf"{target}  {PACE}\n", done.stdout.decode())[1])
    assert printed_s == pytest.approx(soundfile.info(target).duration, abs=0.01)
    assert printed_s > 0.5


def test_stdout_gives_what_the_file_has(tritone, tmp_path):
    target = tmp_path / "hello.wav"
    tritone("synthesize", TEXT, "--seed", 7, "-o", target)
    whole, rate_hz = soundfile.read(target, dtype="int16")
    for seed in (7, 8):
        with io.BytesIO(tritone("synthesize", TEXT, "--seed", seed, "-o", "-").stdout) as file:
            samples, same_rate_hz = soundfile.read(file, dtype="int16")
        assert same_rate_hz == rate_hz
        assert np.array_equal(samples, whole) == (seed == 7)


def test_text_on_stdin_is_spoken_to_stdout(server):
    command = [*TRITONE, "synthesize", "-", "--format", "pcm", "--seed", "7", "-o", "-"]
    done = subprocess.run(
        [*command, "--url", server.grpc_url], input=f"{TEXT} {TEXT}\n".encode(), capture_output=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout) > 2 * 16_000


def test_speed_changes_the_length(tritone, tmp_path):
    lengths_s = []
    for speed in (0.5, 1, 2):
        target = tmp_path / f"{speed}.wav"
        assert tritone("synthesize", TEXT, "--seed", 7, "--speed", speed, "-o", target).returncode == 0
        lengths_s.append(soundfile.info(target).duration)
    assert lengths_s == sorted(lengths_s, reverse=True)


def test_bad_lines_among_good_ones_fail_alone(tritone, tmp_path):
    lines = b"Hello there.\n...\n\nnot \xff utf-8\nGood bye.\n"
    done = tritone("synthesize", "--from", "-", "-o", tmp_path / "out", stdin=lines)
    assert done.returncode == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["001.wav", "005.wav"]
    errors = dict(line.split(": ", 1) for line in done.stderr.decode().splitlines())
    assert errors.keys() == {"-:2", "-:4"}
    assert all(error.startswith("text: ") for error in errors.values())


def test_what_was_spoken_can_be_transcribed(tritone, tmp_path):
    target = tmp_path / "hello.ogg"
    tritone("synthesize", TEXT, "--seed", 7, "-o", target)
    done = tritone("transcribe", target)
    assert done.returncode == 0


def test_an_empty_text_is_the_servers_refusal(tritone, tmp_path):
    done = tritone("synthesize", "", "-o", tmp_path / "a.wav")
    assert done.returncode == 1
    assert done.stderr.startswith(b"tritone: text: ")
    assert not list(tmp_path.iterdir())


def test_health_names_the_pipelines_of_speech(tritone):
    done = tritone("health")
    assert done.returncode == 0
    assert b"text_to_speech    ready" in done.stdout
    assert b"text_to_audio     ready" in done.stdout
