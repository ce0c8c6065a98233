"""Stopping: readiness first, running requests finished, new ones refused."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress

import httpx
import pytest
from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect
from tritone_gateway.process.draining import SERVICE_RESTART
from tritone_gateway.settings import Settings
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.gateway.serving import RunningGateway

NOBODY = "127.0.0.1:9"  # no Triton is needed here


def extended(app, let_go):
    """Add a request and WebSockets that last as long as a test wants."""

    @app.get("/held")
    async def held_request():
        while not let_go.is_set():
            await asyncio.sleep(0.01)
        return {"answered": True}

    @app.websocket("/polite")
    async def polite(socket: WebSocket):
        await socket.accept()
        await app.state.draining.started.wait()
        await socket.send_text("the rest")
        await socket.close(SERVICE_RESTART)

    @app.websocket("/deaf")
    async def deaf(socket: WebSocket):
        await socket.accept()
        with suppress(WebSocketDisconnect):
            while True:
                await socket.receive_bytes()


@pytest.fixture
def held():
    """Return a function that starts such a gateway, and the switch that ends its requests."""
    let_go = threading.Event()
    with ExitStack() as started:

        def start(**settings):
            chosen = Settings(triton_url=NOBODY, drain_s=20).model_copy(update=settings)
            return started.enter_context(RunningGateway(chosen, lambda app: extended(app, let_go)))

        yield start, let_go
        let_go.set()


def in_thread(call):
    """Start a call; return a function that waits for its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(call()), daemon=True)
    thread.start()

    def result():
        thread.join(20)
        return results[0]

    return result


def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_running_request_is_finished_while_readiness_fails_and_new_requests_are_refused(held):
    start, let_go = held
    gateway = start(unready_s=0.5)
    answer = in_thread(lambda: httpx.get(f"{gateway.url}/held", timeout=20))
    until(lambda: gateway.draining.running == 1)
    with httpx.Client(base_url=gateway.url) as kept_open:
        assert kept_open.get("/health/live").status_code == 200
        gateway.stop()
        until(lambda: gateway.draining.started.is_set())
        assert kept_open.get("/v1/nothing").status_code == 404  # still served while balancers turn away
        assert kept_open.get("/health/ready").status_code == 503
        until(lambda: gateway.draining.refusing)
        refused = kept_open.get("/v1/models")
        assert (refused.status_code, refused.headers["connection"]) == (503, "close")
        assert int(refused.headers["retry-after"]) > 0
        assert "stopping" in refused.json()["error"]["message"]  # OpenAI's form
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{gateway.url}/health/live")
    let_go.set()
    assert answer().json() == {"answered": True}


def test_websockets_send_the_rest_and_close_with_service_restart(held):
    start, _ = held
    gateway = start()
    with connect(gateway.url.replace("http", "ws") + "/polite") as polite:
        until(lambda: gateway.draining.running == 1)
        gateway.stop()
        assert polite.recv(10) == "the rest"
        with pytest.raises(ConnectionClosed):
            polite.recv(10)
        assert polite.close_code == SERVICE_RESTART


def test_websocket_that_does_not_end_is_closed_after_the_time_for_draining(held):
    start, _ = held
    gateway = start(drain_s=0.2)
    with connect(gateway.url.replace("http", "ws") + "/deaf") as deaf:
        gateway.stop()
        with pytest.raises(ConnectionClosed):
            deaf.recv(10)
        assert deaf.close_code == SERVICE_RESTART


@pytest.fixture
def process(tmp_path):
    """`tritone-gateway serve` as a process of its own: the process, its port and a reader of its log."""
    command = [
        sys.executable,
        "-m",
        "tritone_gateway",
        "serve",
        "--gateway-port",
        "0",
        "--triton-url",
        NOBODY,
    ]
    running = subprocess.Popen(
        [*command, "--data-folder", str(tmp_path), "--log-format", "json"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TRITONE_DRAIN_S": "20"},
    )
    line = running.stderr.readline()
    while '"serving"' not in line:
        assert running.poll() is None, line
        line = running.stderr.readline()
    yield running, int(re.search(r":(\d+)/docs", line)[1])
    running.kill()
    running.wait()
    running.stderr.close()


def half_sent(port):
    """A request whose body is not complete."""
    client = socket.create_connection(("127.0.0.1", port))
    head = "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
    client.sendall(f"{head}Content-Type: multipart/form-data; boundary=x\r\n\r\n--x".encode())
    time.sleep(0.3)  # until the gateway has taken it
    return client


def test_process_without_requests_ends_with_0_on_sigterm(process):
    running, _ = process
    running.send_signal(signal.SIGTERM)
    assert running.wait(10) == 0
    assert '"stopped"' in running.stderr.read()


def test_second_signal_ends_a_process_at_once(process):
    running, port = process
    with half_sent(port):
        running.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert running.poll() is None  # the request is waited for
        started = time.monotonic()
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 128 + signal.SIGINT
        assert time.monotonic() - started < 2


def test_port_in_use_is_named_with_the_remedy(process, tmp_path):
    _, port = process
    second = subprocess.run(
        [sys.executable, "-m", "tritone_gateway", "serve", "--gateway-port", str(port)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 1
    assert f"port {port}: expected a free port" in second.stderr
    assert "--gateway-port" in second.stderr
    assert "Traceback" not in second.stderr


def test_health_command_tells_a_serving_gateway_from_one_that_is_not(process):
    _, port = process
    asked = [sys.executable, "-m", "tritone_gateway", "health", "--gateway-port"]
    unready = subprocess.run([*asked, str(port)], capture_output=True, text=True, timeout=60)
    assert unready.returncode == 1  # there is no Triton
    assert "expected status 200, got 503" in unready.stderr
    absent = subprocess.run([*asked, "1"], capture_output=True, text=True, timeout=60)
    assert absent.returncode == 1
    assert "no answer" in absent.stderr
