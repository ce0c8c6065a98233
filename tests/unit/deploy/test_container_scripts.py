"""The scripts of the container runtime, run by a real shell against a Docker that only writes."""

from __future__ import annotations

import io
import os
import subprocess

import pytest

from deploy.dry_run import DryRunNode
from deploy.facts import parse_facts
from deploy.layout import Layout
from deploy.options import ReleaseOptions
from deploy.progress import Progress
from deploy.runtimes.container import ContainerRuntime
from deploy.smoke import SmokeTest
from deploy.tree import ROOT

from .test_commands import a_release
from .test_node_answers import FACTS

DOCKER = """#!/bin/sh
printf '%s\\n' "$*" "key=$TRITONE_ADMIN_KEY" >>"$WORDS"
if [ "$1" = inspect ]; then printf '%s\\n' "$STATE"; [ -n "$STATE" ]; fi
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs a script, and gives its result and what Docker was told."""
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    words = tmp_path / "words"

    def call(script, state=""):
        words.write_text("")
        environment = {"PATH": f"{docker.parent}:{os.environ['PATH']}", "WORDS": str(words), "STATE": state}
        done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True)
        return done, words.read_text()

    return call


@pytest.fixture
def scripts(tmp_path):
    (tmp_path / "admin-key").write_text("secret")
    progress = Progress(stream=io.StringIO())
    options = ReleaseOptions(ROOT, SmokeTest([]))
    node, layout = DryRunNode("node", [], progress), Layout(str(tmp_path))
    runtime = ContainerRuntime(node, layout, parse_facts(FACTS), options, progress)
    return runtime.server_scripts(a_release(runtime="container", model_config_name="tensorrt"))


def test_key_reaches_the_container_but_not_the_command_line(scripts, run):
    done, words = run(scripts.start)
    assert done.returncode == 0
    command, key = words.splitlines()[-2:]
    assert key == "key=secret"
    assert "secret" not in command
    assert command.endswith("--env TRITONE_ADMIN_KEY tritone:a --model-config-name tensorrt")


def test_server_is_reachable_on_the_node_only_and_sees_both_repositories(scripts, run, tmp_path):
    _, words = run(scripts.start)
    for option in (
        "--publish 127.0.0.1:18000:8000",
        "--publish 127.0.0.1:18001:8001",
        "--publish 127.0.0.1:18002:8002",
        f"--volume {tmp_path}/releases/a/tree/model_repository:/opt/tritone/model_repository",
        f"--volume {tmp_path}/releases/a/tree/ensembles:/opt/tritone/ensembles",
        "--gpus all",
        "--user 1000:1001",
        "--restart unless-stopped",
    ):
        assert f" {option} " in words


def test_running_container_tells_since_when_and_how_often_it_was_started_again(scripts, run):
    done, _ = run(scripts.alive, "true 2026-01-02T03:04:05.678901234Z 2")
    assert (done.returncode, done.stdout) == (0, "1767323045 2\n")


@pytest.mark.parametrize("state", ["", "false 2026-01-02T03:04:05Z 0"])
def test_stopped_or_missing_container_is_not_alive(scripts, run, state):
    done, _ = run(scripts.alive, state)
    assert done.returncode != 0


def test_stopping_gives_requests_in_flight_their_time(scripts, run):
    _, words = run(scripts.stop)
    assert "stop --time 90 tritone-a" in words


def test_what_a_release_leaves_outside_its_folder_is_removed(scripts, run):
    _, words = run(scripts.discard)
    assert "rm --force tritone-a" in words
    assert "image rm tritone:a tritone-engines:a" in words
