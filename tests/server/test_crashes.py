"""Requests that end tritonserver 2.51: the launcher starts it again, with the same ports and key."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from tritone.server import Ports
from tritone.server.model_processes import processes_of

from .conftest import ROOT, tensor, text
from .test_faults import launched, tritonserver_of, wait_until, works

KEY = "tritone-admin-key"


@pytest.fixture(scope="module")
def launcher():
    with launched("--admin-key", "secret") as started:
        yield started


def starts(lines):
    return sum("tritone: ready" in line for line in lines)


def post(url, path, body=b"", **headers):
    request = urllib.request.Request(f"http://{url}/v2/{path}", data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def regions_of(process):
    return [path for path in Path("/dev/shm").iterdir() if f"_{process.pid}_" in path.name]


def punctuated(client):
    answer = client.infer("punctuate", [tensor("transcript", text("how are you"))])
    return answer.as_numpy("text")[0, 0].decode()


def test_a_crashed_server_is_started_again_with_the_same_ports_and_key(launcher):
    process, client, lines = launcher
    before, regions = punctuated(client), regions_of(process)
    assert regions
    classes = triton.InferRequestedOutput("text", class_count=1)
    with pytest.raises(InferenceServerException):
        client.infer("punctuate", [tensor("transcript", text("how are you"))], outputs=[classes])
    wait_until(lambda: starts(lines) == 2, process)
    assert any("tritonserver crashed (SIGFPE), running requests are lost" in line for line in lines)
    with triton.InferenceServerClient(client.url) as again:
        assert punctuated(again) == before
    assert post(client.http_url, "repository/index", **{KEY: "secret"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        post(client.http_url, "repository/index")
    assert regions_of(process)
    assert not set(regions) & set(regions_of(process)), "the crashed server's are gone"


def test_restarts_are_among_the_metrics(launcher):
    _, _, lines = launcher
    expected = f"tritone_server_restarts {starts(lines) - 1}"
    (ready,) = [line for line in lines if "tritone: ready" in line][-1:]
    address = ready.split("metrics ")[1].split(". ")[0]
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert expected in answer.read().decode().splitlines()


def test_shared_memory_needs_the_key(launcher):
    _, client, _ = launcher
    with pytest.raises(InferenceServerException, match="restricted"):
        client.get_system_shared_memory_status()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        post(
            client.http_url,
            "systemsharedmemory/region/region/register",
            b'{"key":"/x","offset":0,"byte_size":8}',
        )


def test_nested_json_does_not_exhaust_the_stack(launcher):
    process, client, lines = launcher
    server, body = tritonserver_of(process), b"[" * 100_000 + b"]" * 100_000
    with pytest.raises(urllib.error.HTTPError):
        post(client.http_url, "models/punctuate/infer", body)
    assert tritonserver_of(process) == server
    assert starts(lines) <= 2


def test_a_caller_who_repeats_the_fatal_request_at_once_does_not_end_the_launcher(launcher):
    process, client, lines = launcher
    body = (
        b'{"inputs": [{"name": "transcript", "datatype": "BYTES", "shape": [1, 1], "data": ["a"]}],'
        b' "outputs": [{"name": "text", "parameters": {"classification": 1}}]}'
    )

    def crashes():
        return sum("tritonserver crashed" in line for line in lines)

    def repeat():
        with suppress(OSError, http.client.HTTPException):
            post(client.http_url, "models/punctuate/infer", body)
        return crashes() >= before + 2

    before = crashes()
    wait_until(repeat, process, pause_s=0.005)
    wait_until(lambda: is_ready_at(client.url), process)
    with triton.InferenceServerClient(client.url) as again:
        assert punctuated(again)


def test_regions_are_removed_when_the_launcher_stops():
    with launched() as (process, _, _):
        assert regions_of(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert not regions_of(process)


def test_a_launcher_whose_messages_find_a_full_disk_goes_on_healing():
    ports = Ports.free()
    flags = ["--http-port", ports.http, "--grpc-port", ports.grpc, "--metrics-port", ports.metrics]
    command = [sys.executable, "-m", "tritone.server", *map(str, flags), "--", "--exit-timeout-secs=3"]
    with open("/dev/full", "w") as full:
        process = subprocess.Popen(command, cwd=ROOT, stderr=full)
    try:
        with triton.InferenceServerClient(f"127.0.0.1:{ports.grpc}") as client:
            wait_until(lambda: is_ready(client), process)
            crashed = tritonserver_of(process)
            os.kill(crashed, signal.SIGSEGV)
            wait_until(lambda: not psutil.pid_exists(crashed), process)
            wait_until(lambda: is_ready(client), process)
            models = processes_of(tritonserver_of(process))
            killed = next(pid for pid, model in models.items() if model == "text_validator")
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: killed not in processes_of(tritonserver_of(process)), process)
            wait_until(lambda: "text_validator" in processes_of(tritonserver_of(process)).values(), process)
            wait_until(lambda: works(client, "punctuate", {"transcript": text("how are you")}), process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def is_ready(client):
    try:
        return client.is_server_ready()
    except InferenceServerException:
        return False


def is_ready_at(url):
    with triton.InferenceServerClient(url) as client:
        return is_ready(client)
