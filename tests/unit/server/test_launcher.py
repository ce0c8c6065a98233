"""The launcher with a stand-in for tritonserver, a shell script."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tritone.server import Ports

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def launch(tmp_path):
    """Return a function that starts the launcher with a shell script as its server."""
    binary = tmp_path / "bin" / "tritonserver"
    binary.parent.mkdir()
    (tmp_path / "backends").mkdir()
    launchers = []

    def start(script, *more):
        binary.write_text(f"#!/bin/sh\n{script}\n")
        binary.chmod(0o755)
        ports = Ports.free()
        options = {"http": ports.http, "grpc": ports.grpc, "metrics": ports.metrics}
        flags = [part for name, port in options.items() for part in (f"--{name}-port", str(port))]
        command = [sys.executable, "-m", "tritone.server", "--tritonserver", str(binary), *flags, *more]
        launchers.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True))
        return launchers[-1]

    yield start
    for launcher in launchers:
        launcher.kill()
        launcher.wait()


def test_the_last_output_of_a_stopped_server_is_forwarded(launch):
    launcher = launch("trap 'echo goodbye; exit 0' TERM; echo started; while :; do sleep 0.1; done")
    assert launcher.stderr.readline() == "started\n"
    launcher.send_signal(signal.SIGTERM)
    _, rest = launcher.communicate(timeout=60)
    assert launcher.returncode == 0
    assert "goodbye\n" in rest


def test_a_server_that_ends_by_itself_ends_the_launcher_with_1_and_its_errors(launch):
    launcher = launch("echo 'E1120 10:00:00.000000 1 server.cc:1] no memory'; exit 3")
    _, output = launcher.communicate(timeout=60)
    assert launcher.returncode == 1
    assert "tritonserver ended with code 3.\nno memory\n" in output
    assert output.count("server.cc:1] no memory") == 1


def test_gateway_is_stopped_before_the_server(launch, tmp_path):
    options = f"--gateway=--gateway-port 0 --log-format text --data-folder {tmp_path}"
    launcher = launch("trap 'echo goodbye; exit 0' TERM; while :; do sleep 0.1; done", options)
    while " serving " not in (line := launcher.stderr.readline()):
        assert line, "the gateway did not start"
    launcher.send_signal(signal.SIGTERM)
    _, output = launcher.communicate(timeout=60)
    assert launcher.returncode == 0
    assert 0 < output.index(" stopped") < output.index("goodbye")


def test_gateway_with_wrong_options_ends_the_server_and_the_launcher_with_1(launch):
    launcher = launch("trap 'exit 0' TERM; while :; do sleep 0.1; done", "--gateway=--gateway-port 99999")
    _, output = launcher.communicate(timeout=60)
    assert launcher.returncode == 1
    assert "--gateway-port: expected less than or equal to 65535" in output


def test_second_signal_ends_everything_at_once(launch):
    launcher = launch("trap '' TERM; echo started; while :; do sleep 0.1; done")
    assert launcher.stderr.readline() == "started\n"
    launcher.send_signal(signal.SIGINT)
    while "stopping" not in launcher.stderr.readline():
        pass
    launcher.send_signal(signal.SIGINT)
    _, output = launcher.communicate(timeout=20)
    assert launcher.returncode == 1
    assert "ending at once" in output
