"""Bodies and connections that are too large, too slow or too many."""

import asyncio
import json
import time
from contextlib import closing, suppress

import httpx
import pytest
import websockets
from fastapi import Request, WebSocket, WebSocketDisconnect
from starlette.responses import StreamingResponse
from tritone_gateway.settings import Settings

from tests.gateway.serving import RunningGateway

MB = 1_000_000


def echo(app):
    """Routes that read what they are sent."""

    @app.post("/api/length")
    async def length(request: Request):
        return {"length": len(await request.body())}

    @app.post("/api/unread")
    async def unread():
        return {"read": False}

    @app.get("/api/endless")
    async def endless():
        async def parts():
            while True:
                yield b"0" * 65536
                await asyncio.sleep(0)

        return StreamingResponse(parts())

    @app.get("/api/slow")
    async def slow():
        await asyncio.sleep(1)
        return {}

    @app.websocket("/api/socket")
    async def listen(socket: WebSocket):
        await socket.accept()
        try:
            while True:
                await socket.send_text(str(len(await socket.receive_bytes())))
        except WebSocketDisconnect:
            pass


@pytest.fixture(scope="module")
def gateway():
    settings = Settings(
        max_body_bytes=MB,
        max_text_body_bytes=MB,
        max_requests=2,
        max_websockets=2,
        max_connections=20,
        header_timeout_s=0.6,
        body_timeout_s=0.4,
        min_body_bytes_per_s=100_000,
        write_timeout_s=0.5,
        max_websocket_message_bytes=10_000,
        websocket_idle_s=0.5,
    )
    with RunningGateway(settings, echo) as running:
        yield running


def answer(connection):
    """Return all that a connection sends until it is closed."""
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


def status(received):
    return int(received.split(b" ", 2)[1])


def test_body_at_the_limit_is_taken_and_one_byte_more_is_not(gateway):
    assert httpx.post(f"{gateway.url}/api/length", content=b"0" * MB).json() == {"length": MB}
    refused = httpx.post(f"{gateway.url}/api/length", content=b"0" * (MB + 1))
    assert refused.status_code == 413
    assert str(MB) in refused.json()["detail"]


def test_declared_length_is_refused_before_anything_is_sent(gateway):
    with closing(gateway.connect()) as connection:
        head = "POST /api/length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000000\r\n"
        connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        received = connection.recv(65536)
        assert status(received) == 413  # and no "100 Continue" before
        assert b"connection: close" in received.lower()


def test_chunked_body_is_counted_and_the_client_gets_the_answer(gateway):
    def chunks():
        for _ in range(60):
            yield b"0" * 50_000

    answered = httpx.post(f"{gateway.url}/api/length", content=chunks())
    assert answered.status_code == 413
    assert answered.headers["Connection"] == "close"


def test_unread_upload_does_not_cost_the_client_its_answer(gateway):
    assert httpx.post(f"{gateway.url}/api/unread", content=b"0" * MB).json() == {"read": False}


def test_body_that_stops_is_answered_in_the_form_of_the_api(gateway):
    with closing(gateway.connect()) as connection:
        connection.sendall(b"POST /api/length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
        received = answer(connection)
    assert status(received) == 408
    assert json.loads(received.partition(b"\r\n\r\n")[2])["code"] == "request_timeout"


def test_body_that_trickles_is_refused(gateway):
    with closing(gateway.connect()) as connection:
        connection.sendall(b"POST /api/length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
        began = time.monotonic()
        with suppress(OSError):  # closed by the gateway
            while time.monotonic() - began < 20:
                connection.sendall(b"a")
                time.sleep(0.05)
        assert time.monotonic() - began < 20


def test_head_that_trickles_is_refused(gateway):
    with closing(gateway.connect()) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\n")
        received = b""
        connection.settimeout(0.1)
        for number in range(100):
            try:
                connection.sendall(f"X-{number}: a\r\n".encode())
                received = connection.recv(65536)
                break
            except TimeoutError:
                continue
        assert status(received) == 408


def test_connection_without_a_request_is_closed(gateway):
    with closing(gateway.connect()) as connection:
        assert answer(connection) == b""


def test_long_head_is_refused_whether_it_ends_or_not(gateway):
    for end in (b"", b"\r\n\r\n"):
        with closing(gateway.connect()) as connection:
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 40_000 + end)
            assert status(connection.recv(65536)) in (400, 431)


def test_long_head_in_many_headers_and_pieces_is_refused(gateway):
    with closing(gateway.connect()) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n")
        received = b""
        with suppress(OSError):  # reset, as it is closed with more on its way
            for _ in range(1000):
                connection.sendall(b"X: " + b"a" * 1000 + b"\r\n")
            received = answer(connection)
    assert not received or status(received) == 431


def test_large_body_after_a_short_head_is_no_long_head(gateway):
    with httpx.Client(base_url=gateway.url) as client:
        for _ in range(3):  # on one connection
            assert client.post("/api/length", content=b"0" * 100_000).json() == {"length": 100_000}


def test_response_that_nobody_reads_is_given_up(gateway):
    with closing(gateway.connect()) as connection:
        connection.sendall(b"GET /api/endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(1.5)
        try:
            while connection.recv(1_000_000):
                pass  # what had been sent by then
        except ConnectionResetError:
            pass


async def test_requests_beyond_the_limit_are_told_when_to_come_back(gateway):
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        answers = await asyncio.gather(
            *(client.get("/api/slow") for _ in range(5)), client.get("/health/live")
        )
    assert answers.pop().status_code == 200
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503]
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.json()["code"] == "unavailable"


async def test_websockets_beyond_the_limit_are_refused(gateway):
    url = gateway.url.replace("http", "ws") + "/api/socket"
    async with websockets.connect(url), websockets.connect(url):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url)
    assert refused.value.response.status_code == 503
    assert refused.value.response.headers["Retry-After"]


async def test_quiet_websocket_is_closed_with_the_reason(gateway):
    async with websockets.connect(gateway.url.replace("http", "ws") + "/api/socket") as connection:
        await connection.send(b"abc")
        assert await connection.recv() == "3"
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(connection.recv(), 10)
    assert closed.value.rcvd.code == 1008
    assert "no message" in closed.value.rcvd.reason


async def test_long_message_closes_the_websocket(gateway):
    async with websockets.connect(gateway.url.replace("http", "ws") + "/api/socket") as connection:
        await connection.send(b"0" * 10_001)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(connection.recv(), 10)
    assert closed.value.rcvd.code == 1009


def test_connections_beyond_the_limit_are_closed(gateway):
    connections = [gateway.connect() for _ in range(24)]
    try:
        connections[-1].settimeout(5)
        assert connections[-1].recv(1) == b""
    finally:
        for connection in connections:
            connection.close()


@pytest.mark.parametrize("length", ["-1", "1e9", "0x10", "999999999999999999999999"])
def test_length_that_is_none_is_refused(gateway, length):
    with closing(gateway.connect()) as connection:
        connection.sendall(
            f"POST /api/length HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode()
        )
        assert status(connection.recv(65536)) in (400, 413)


def test_body_that_is_no_upload_has_a_smaller_limit(tmp_path):
    settings = Settings(max_body_bytes=MB, max_text_body_bytes=1000, data_folder=tmp_path)
    with RunningGateway(settings, echo) as running:
        url = f"{running.url}/api/length"
        upload = {"Content-Type": "multipart/form-data; boundary=x"}
        assert httpx.post(url, content=b"0" * 2000, headers=upload).status_code == 200
        assert httpx.post(url, content=b"0" * 2000).status_code == 413
        assert httpx.post(url, json={"text": "0" * 2000}).status_code == 413


def test_whoever_holds_connections_open_keeps_nobody_out(tmp_path):
    settings = Settings(max_connections=10, header_timeout_s=60, data_folder=tmp_path)
    with RunningGateway(settings, echo) as running:
        held = [running.connect() for _ in range(40)]
        for connection in held:
            with suppress(OSError):
                connection.sendall(b"GET / HTTP/1.1\r\nX-")
        for _ in range(3):
            assert httpx.get(f"{running.url}/health/live").status_code == 200
        for connection in held:
            connection.close()


def test_upgrade_that_is_no_websocket_is_answered_and_closed(gateway):
    for method in ("POST", "DELETE"):
        with closing(gateway.connect()) as connection:
            head = f"{method} /api/socket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            connection.sendall(f"{head}Connection: Upgrade\r\nContent-Length: 3\r\n\r\nabc".encode())
            assert status(answer(connection)) == 400


async def test_websocket_that_nobody_reads_is_cut(tmp_path):
    ended = asyncio.Event()

    def talking(app):
        @app.websocket("/api/talk")
        async def talk(socket: WebSocket):
            await socket.accept()
            try:
                while True:
                    await socket.send_bytes(b"0" * 100_000)
                    await asyncio.sleep(0)
            except WebSocketDisconnect:
                running.loop.call_soon_threadsafe(ended.set)

    settings = Settings(write_timeout_s=0.5, data_folder=tmp_path)
    with RunningGateway(settings, talking) as running:
        running.loop = asyncio.get_running_loop()
        url = f"ws://127.0.0.1:{running.port}/api/talk"
        connection = await websockets.connect(url, max_queue=1)
        await asyncio.wait_for(ended.wait(), 20)
        connection.transport.abort()


def test_client_that_leaves_in_the_middle_is_no_failure(gateway, caplog):
    with closing(gateway.connect()) as connection:
        connection.sendall(b"POST /api/length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
    time.sleep(0.2)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
