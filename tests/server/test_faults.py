"""Model processes that are killed: what callers see, and how the launcher mends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

import psutil
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException
from tritone_client import Client, ProcessDiedError

from tritone.server import Ports
from tritone.server.model_processes import model_of, processes_of

from .conftest import ROOT, batch, stand_in_only, tensor, text

# Triton waits that long for killed processes when it stops.
QUICK_EXIT = ("--", "--exit-timeout-secs=3")


@contextmanager
def launched(*options):
    """A server started as `make serve` does: its process, client and messages."""
    ports = Ports.free()
    flags = {"--http-port": ports.http, "--grpc-port": ports.grpc, "--metrics-port": ports.metrics}
    arguments = [str(part) for flag in flags.items() for part in flag]
    command = [sys.executable, "-m", "tritone.server", *arguments, *options]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    lines = []
    threading.Thread(target=lambda: lines.extend(iter(process.stderr.readline, "")), daemon=True).start()
    try:
        wait_until(lambda: any("tritone: ready" in line for line in lines), process)
        with triton.InferenceServerClient(f"127.0.0.1:{ports.grpc}") as client:
            client.url, client.http_url = f"127.0.0.1:{ports.grpc}", f"127.0.0.1:{ports.http}"
            yield process, client, lines
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(90)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture(scope="module")
def healing():
    with launched(*QUICK_EXIT) as server:
        yield server


def wait_until(condition, process=None, timeout_s=90, pause_s=0.1):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert process is None or process.poll() is None, "the server ended"
        assert time.monotonic() < deadline
        time.sleep(pause_s)


def tritonserver_of(launcher):
    """The launcher's child."""
    (child,) = psutil.Process(launcher.pid).children()
    return child.pid


def kill(launcher, model, all_of_them=True):
    pids = [pid for pid, name in processes_of(tritonserver_of(launcher)).items() if name == model]
    assert pids
    for pid in pids if all_of_them else pids[:1]:
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def requests(recordings):
    clip = min(recordings.values(), key=len)
    return {
        "speech_to_text": batch(clip),
        "punctuate": {"transcript": text("how are you")},
        "text_to_speech": {"text": text("One day it rained.")},
    }


def works(client, model, arrays):
    try:
        client.infer(model, [tensor(*item) for item in arrays.items()], client_timeout=20)
    except InferenceServerException:
        return False
    return True


def pipelines_of(model):
    """Those that cannot work without it."""
    if model.startswith("punctuation"):
        return {"punctuate", "speech_to_text"}
    return {{"asr": "speech_to_text", "tex": "punctuate", "tts": "text_to_speech"}[model[:3]]}


# An orchestrator, one of two processes of a graph, a front, what fronts wait for, and one at the end.
@pytest.mark.parametrize(
    ("model", "all_of_them", "pipeline"),
    [
        ("asr_windows", True, "speech_to_text"),
        pytest.param("asr_quartznet", False, "speech_to_text", marks=stand_in_only),
        ("text_validator", True, "punctuate"),
        ("punctuation_windows", True, "punctuate"),
        pytest.param("tts_waveglow", True, "text_to_speech", marks=stand_in_only),
    ],
)
def test_a_killed_model_is_loaded_again_while_the_others_keep_serving(
    healing, requests, model, all_of_them, pipeline
):
    process, client, lines = healing
    assert works(client, pipeline, requests[pipeline])
    before = len(lines)
    kill(process, model, all_of_them)
    for other in requests.keys() - pipelines_of(model):
        assert works(client, other, requests[other])
    wait_until(lambda: any(f"{model} is loaded again" in line for line in lines[before:]), process, 30)
    for _ in range(4):  # both processes, where there are two
        assert works(client, pipeline, requests[pipeline])
    assert client.is_server_ready()


# A step of the pipeline itself, and two that steps call. Each once: after five deaths the server is ended.
@pytest.mark.parametrize(
    ("model", "protocol"),
    [("asr_ctc_decoder", "http"), ("asr_features", "http"), ("punctuation_bert", "grpc")],
)
def test_a_request_that_meets_a_dead_process_is_answered_in_the_end(healing, recordings, model, protocol):
    process, client, _ = healing
    clip = min(recordings.values(), key=len)
    url = client.url if protocol == "grpc" else client.http_url
    with Client(url, protocol=protocol, overload_wait_s=60) as patient:
        expected = patient.transcribe(clip)
        kill(process, model)
        with Client(client.url, overload_wait_s=0) as impatient:
            if model == "asr_ctc_decoder":  # nobody is between Triton and the caller: the words are its own
                with pytest.raises(ProcessDiedError):
                    impatient.transcribe(clip)
        assert patient.transcribe(clip) == expected
    wait_until(lambda: works(client, "speech_to_text", batch(clip)), process, 30)


def health(client, *options):
    """The exit code and the lines of `tritone health`."""
    command = [sys.executable, "-m", "tritone_client.command", "health", "--url", client.url, *options]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, text=True)
    return done.returncode, done.stdout


def test_without_the_launchers_care_a_killed_model_stays_dead_and_only_a_probe_tells(requests):
    with launched("--killed-models", "leave", *QUICK_EXIT) as (process, client, _):
        code, text = health(client, "--probe")
        assert code == 0
        assert text.count("answered in") == 5
        kill(process, "asr_windows")
        time.sleep(3)
        assert health(client)[0] == 0
        started_s = time.monotonic()
        code, text = health(client, "--probe", "--deadline", "8")
        assert time.monotonic() - started_s < 20
        assert code == 1
        failed = [line.split()[0] for line in text.splitlines() if "failed: " in line]
        assert failed == ["audio_to_text", "speech_to_text"]
        assert not works(client, "speech_to_text", requests["speech_to_text"])
        assert client.is_server_ready()
        assert client.is_model_ready("speech_to_text")


def test_a_killed_model_ends_the_server_where_that_is_asked_for(requests):
    with launched("--killed-models", "end") as (process, _, lines):
        kill(process, "asr_ctc_decoder")
        assert process.wait(60) == 1
        assert any("asr_ctc_decoder: one of its processes was killed" in line for line in lines)


def test_a_server_that_is_killed_is_started_again_and_leaves_no_model_process_behind():
    with launched() as (process, client, lines):
        server = tritonserver_of(process)
        models = processes_of(server)
        os.kill(server, signal.SIGKILL)
        wait_until(lambda: sum("tritone: ready" in line for line in lines) == 2, process)
        assert any("tritonserver crashed (SIGKILL)" in line for line in lines)
        assert client.is_server_ready()
        wait_until(lambda: not any(model_of(pid) for pid in models), timeout_s=20)


def test_a_frozen_process_is_replaced_before_it_can_end_the_server():
    with launched(*QUICK_EXIT) as (process, client, lines):
        server = tritonserver_of(process)
        frozen = next(pid for pid, model in processes_of(server).items() if model == "text_validator")
        os.kill(frozen, signal.SIGSTOP)
        wait_until(lambda: any("text_validator is loaded again" in line for line in lines), process)
        assert any("text_validator was frozen; killed it" in line for line in lines)
        with suppress(ProcessLookupError):
            os.kill(frozen, signal.SIGCONT)
        wait_until(lambda: works(client, "punctuate", {"transcript": text("how are you")}), process)
        assert tritonserver_of(process) == server
        assert frozen not in processes_of(server)
