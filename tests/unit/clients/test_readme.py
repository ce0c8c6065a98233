"""The README's examples run, and its tables are complete."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
import tritone_client
from tritone_client.command import main

from tools import certificates

from .test_tls import server_context, terminating

README = Path(__file__).resolve().parents[3] / "clients/README.md"
TEXT = README.read_text(encoding="utf-8")
PRELUDE = (
    f'tritone() {{ "{sys.executable}" -m tritone_client.command "$@"; }}; '
    "aplay() { cat > played.wav; }; "  # instead of playing
    "set -o pipefail;"
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(record, tmp_path):
    """A folder with the files of the examples."""
    record("meeting.flac", "this was said")
    record("interview.mp3", "that was said")
    for name in ("recordings/a.wav", "recordings/deep/b.wav"):
        record(name, name)
    (tmp_path / "names.txt").write_text("# people\nHester Prynne = 8\n\nPearl\n")
    (tmp_path / "chapters").mkdir()
    for name in ("letter.txt", "lines.txt", "chapters/one.txt", "chapters/two.txt"):
        (tmp_path / name).write_text("This is to be spoken.\nAnd this.\n")
    return tmp_path


@pytest.mark.parametrize("example", blocks("python"))
def test_python_examples_run(example, urls, behaviour, folder, monkeypatch, capsys):
    samples = folder / "meeting_16k.wav"
    shutil.copy(folder / "meeting.flac", samples)
    behaviour.spoken[float_samples(samples)] = "these samples"
    monkeypatch.chdir(folder)
    monkeypatch.setitem(tritone_client.settings.DEFAULT_URLS, "grpc", urls["grpc"])
    certificates.make(folder)
    with terminating(urls["grpc"], server_context(folder, mutual=True)) as secure:
        example = example.replace("grpcs://localhost:8001", f"grpcs://{secure}")
        example = example.replace("localhost:8001", urls["grpc"]).replace("localhost:8000", urls["http"])
        exec(compile(example, str(README), "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.parametrize("command", "".join(blocks("sh")).splitlines())
def test_shell_examples_run(command, urls, folder):
    protocol = "http" if "--protocol http" in command else "grpc"
    done = subprocess.run(
        f"{PRELUDE} {command}",
        shell=True,
        executable="/bin/bash",
        cwd=folder,
        env={**os.environ, "TRITONE_URL": urls[protocol]},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_every_option_is_in_the_tables_and_nothing_else():
    options = {
        name
        for command in main.commands.values()
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("-")
    }
    assert set(re.findall(r"`(--?[\w-]+)`", TEXT)) == options


def test_every_error_is_in_the_table():
    errors = {name for name in tritone_client.__all__ if name.endswith("Error")} - {"TritoneError"}
    table = dict(re.findall(r"^\| `(\w+Error)` \| `(\w+)`", TEXT, flags=re.MULTILINE))
    assert table.keys() == errors
    for name, builtin in table.items():
        assert builtin in {base.__name__ for base in getattr(tritone_client, name).__mro__}


def test_the_json_example_has_the_contracts_keys():
    (example,) = blocks("json")
    assert list(json.loads(example)) == ["file", "duration_s", "transcript", "text", "words"]
    assert list(json.loads(example)["words"][0]) == ["word", "start_s", "end_s", "confidence"]


def float_samples(path: Path) -> bytes:
    return bytes(soundfile.read(path, dtype="float32")[0].tobytes())
