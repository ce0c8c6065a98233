"""The `tritone` command and the demo, on the real server."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .conftest import RECORDINGS, ROOT

TRITONE = [sys.executable, "-m", "tritone_client.command"]
FLAC = sorted(RECORDINGS.glob("*.flac"))[0]


@pytest.fixture(scope="module", params=["grpc", "http"])
def tritone(server, request):
    """A function that runs the command, over both protocols."""
    address = ["--protocol", request.param, "--url", getattr(server, f"{request.param}_url")]

    def run(*arguments, stdin=None):
        command = [*TRITONE, *map(str, arguments), *address]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=120, check=False)

    return run


def objects(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_folder_is_transcribed_in_order(tritone):
    done = tritone("transcribe", RECORDINGS)
    skipped = f"{RECORDINGS}/manifest.jsonl: skipped: unknown suffix .jsonl\n"
    assert (done.returncode, done.stderr.decode()) == (0, skipped)
    files = [line.partition(": ")[0] for line in done.stdout.decode().splitlines()]
    manifest = map(json.loads, (RECORDINGS / "manifest.jsonl").read_text().splitlines())
    assert files == sorted(str(RECORDINGS / row["audio_filepath"]) for row in manifest)


def test_json_agrees_with_the_manifest_and_itself(tritone):
    done = tritone("transcribe", "--format", "json", RECORDINGS)
    manifest = [json.loads(line) for line in (RECORDINGS / "manifest.jsonl").read_text().splitlines()]
    lengths_s = {str(RECORDINGS / row["audio_filepath"]): row["duration"] for row in manifest}
    for item in objects(done):
        assert list(item) == ["file", "duration_s", "transcript", "text", "words"]
        assert item["duration_s"] == pytest.approx(lengths_s.pop(item["file"]), abs=0.1)
        assert [word["word"] for word in item["words"]] == item["transcript"].split()
    assert not lengths_s


def test_stdin_gives_what_the_file_gives(tritone):
    from_file = tritone("transcribe", FLAC)
    assert from_file.stdout.strip()
    assert tritone("transcribe", "-", stdin=FLAC.read_bytes()).stdout == from_file.stdout


def test_bad_files_among_good_ones_fail_alone(tritone, tmp_path):
    text, empty, truncated = tmp_path / "text.wav", tmp_path / "empty.wav", tmp_path / "truncated.flac"
    text.write_text("only text")
    empty.touch()
    truncated.write_bytes(FLAC.read_bytes()[:200])
    missing = tmp_path / "missing.wav"
    done = tritone("transcribe", "--format", "json", text, FLAC, empty, missing, truncated, FLAC)
    assert done.returncode == 1
    assert [item["file"] for item in objects(done)] == [str(FLAC), str(FLAC)]
    errors = dict(line.split(": ", 1) for line in done.stderr.decode().splitlines())
    assert errors.keys() == {str(path) for path in (text, empty, missing, truncated)}
    assert errors.pop(str(missing)) == "no such file or folder"
    assert all(error.startswith("audio_bytes: ") for error in errors.values())


@pytest.mark.parametrize("format_", ["srt", "vtt"])
def test_captions_of_a_folder_are_files_beside_each_other(tritone, tmp_path, format_):
    done = tritone("transcribe", "--format", format_, "-o", tmp_path / "captions", RECORDINGS)
    assert done.returncode == 0
    written = {path.name for path in (tmp_path / "captions").iterdir()}
    assert f"{FLAC.stem}.{format_}" in written
    assert all(" --> " in (tmp_path / "captions" / name).read_text() for name in written)


def test_a_transcript_is_punctuated(tritone):
    done = tritone("punctuate", "how are you i am fine")
    assert done.returncode == 0
    assert len(done.stdout.split()) == 6


def test_texts_that_cannot_be_punctuated_fail_alone(tritone):
    done = tritone("punctuate", "-", stdin=b"how are you\n\xff\nfine")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr.startswith(b"line 2: transcript: ")


def test_health_is_good(tritone):
    done = tritone("health")
    assert done.returncode == 0
    assert b"audio_to_text     ready" in done.stdout


def test_the_demo_shows_every_part_of_an_answer_and_stops_its_server():
    done = subprocess.run(
        [sys.executable, "-m", "demo", FLAC],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    labels = ("Ready after", FLAC.name, "recognised", "punctuated", "reference", "word times", "1 recording")
    labels += ("synthesised", "real-time factor", "text  ", f"{FLAC.stem}_synthesised.wav")
    positions = [done.stdout.find(label) for label in labels]
    assert positions == sorted(positions)
    assert positions[0] > 0
    assert "The server is stopped" in done.stdout


def test_an_empty_text_is_an_error_but_blank_lines_of_stdin_stay(tritone):
    refused = tritone("punctuate", "")
    assert refused.returncode == 1
    assert b"at least one word" in refused.stderr
    lines = tritone("punctuate", "-", stdin=b"how are you\n\nfine\n")
    assert lines.returncode == 0
    assert len(lines.stdout.splitlines()) == 3
