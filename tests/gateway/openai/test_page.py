"""The examples of docs/gateway/openai.md run, and its tables are those of the code."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tritone_gateway.audio.containers import inspect
from tritone_gateway.settings.openai import OpenAISettings

from tests.gateway.audio.recordings import SAMPLES

PAGE = Path(__file__).resolve().parents[3] / "docs/gateway/openai.md"
TEXT = PAGE.read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.DOTALL | re.MULTILINE)


CURL = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("curl")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copy(SAMPLES / "digits_kal.flac", tmp_path / "recording.flac")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("example", blocks("python"), ids=["blocking", "asyncio"])
def test_python_examples_run(example, gateway, folder, capsys):
    exec(compile(example.replace("http://localhost:8080", gateway.url), str(PAGE), "exec"), {})
    assert "seven" in capsys.readouterr().out.lower()


@pytest.mark.parametrize("command", CURL)
def test_curl_examples_run(command, gateway, folder):
    command = command.replace("localhost:8080", gateway.url).replace("curl ", "curl --fail ", 1)
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    written = [path for path in folder.iterdir() if path.name.startswith("morning")]
    if written:
        assert inspect(written[0]).container.suffix == written[0].suffix
    else:
        assert "seven" in done.stdout.lower() or "whisper-1" in done.stdout


def test_names_of_the_page_are_those_of_the_settings():
    settings = OpenAISettings()
    for names in (settings.openai_recognisers, settings.openai_speech_models, settings.openai_voices):
        assert ", ".join(f"`{name}`" for name in names) in TEXT
