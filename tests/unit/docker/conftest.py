"""Fixtures for the tests of the images and their monitoring."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
DOCKER = ROOT / "docker"


@pytest.fixture(scope="session")
def compose():
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


@pytest.fixture(scope="session")
def rules():
    """Every alert rule."""
    groups = yaml.safe_load((DOCKER / "prometheus/alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.fixture(scope="session")
def dashboard():
    return read_dashboard("triton")


def read_dashboard(name):
    return json.loads((DOCKER / f"grafana/dashboards/{name}.json").read_text())


@pytest.fixture(scope="session")
def promtool():
    """Return a function that runs promtool in a folder."""
    binary = shutil.which("promtool")
    if binary is None:
        pytest.skip("promtool is not installed: make test-packages")

    def run(*arguments, folder=DOCKER / "prometheus"):
        return subprocess.run([binary, *arguments], cwd=folder, capture_output=True, text=True)

    return run


class Stage:
    """A stage of a Dockerfile: its base, its name, and its instructions in order."""

    def __init__(self, base, name):
        self.base = base
        self.name = name
        self.instructions = []

    def all(self, word):
        return [arguments for instruction, arguments in self.instructions if instruction == word]


def read_dockerfile(path):
    """Return the arguments before the first stage, and the stages in order."""
    text = "\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    before, stages = {}, []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if not line.strip():
            continue
        word, arguments = line.split(None, 1)
        if word == "FROM":
            base, _, name = arguments.split()
            stages.append(Stage(base, name))
        elif stages:
            stages[-1].instructions.append((word, arguments))
        else:
            name, _, value = arguments.partition("=")
            before[name] = value
    return before, stages
