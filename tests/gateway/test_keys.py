"""API keys: made and revoked by the command, asked for by every API."""

import asyncio
import json
import os
import re
import time

import httpx
import pytest
import websockets
from click.testing import CliRunner
from fastapi import Depends, Request, WebSocket
from tritone_gateway.command import main
from tritone_gateway.errors import StartupError
from tritone_gateway.security import authentication
from tritone_gateway.security.callers import Scope, allowed
from tritone_gateway.security.credentials import accepted_subprotocol
from tritone_gateway.settings import Settings

from tests.gateway.serving import RunningGateway, failing_start
from tritone.server.ports import Ports

NOBODY = f"127.0.0.1:{Ports.free().grpc}"


def routes(app):
    @app.post("/api/hear")
    async def hear(request: Request, caller=Depends(allowed(Scope.TRANSCRIBE))):  # noqa: B008
        return {"key": caller.key_id, "length": len(await request.body())}

    @app.get("/api/slow")
    async def slow(caller=Depends(allowed(Scope.TRANSCRIBE))):  # noqa: B008
        await asyncio.sleep(0.7)
        return {}

    @app.post("/v1/speak")
    async def speak(caller=Depends(allowed(Scope.SYNTHESIZE))):  # noqa: B008
        return {}

    @app.websocket("/v1/listen/test")
    @app.websocket("/v1/other")
    async def listen(socket: WebSocket, caller=Depends(allowed(Scope.TRANSCRIBE))):  # noqa: B008
        await socket.accept(accepted_subprotocol(socket))
        await socket.send_text(caller.key_id)
        await socket.close()


class Command:
    """`tritone-gateway keys` on the database of a gateway."""

    def __init__(self, folder):
        self._environment = {"TRITONE_DATA_FOLDER": str(folder)}

    def __call__(self, *arguments):
        result = CliRunner(env=self._environment).invoke(main, ["keys", *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout.strip()

    def failing(self, *arguments):
        result = CliRunner(env=self._environment).invoke(main, ["keys", *arguments])
        assert result.exit_code != 0
        return result.output

    def listed(self):
        return {line["id"]: line for line in map(json.loads, self("list", "--json").splitlines())}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def command(folder):
    return Command(folder)


@pytest.fixture(scope="module")
def key(command):
    return command("create", "everything")


@pytest.fixture(scope="module")
def gateway(folder, key):
    settings = Settings(
        require_keys=True, data_folder=folder, max_text_body_bytes=50_000_000, audit_sync="always"
    )
    with RunningGateway(settings, routes) as running:
        yield running


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def key_id(key):
    return key.split("_")[1]


def post(gateway, path="/api/hear", key="", **options):
    return httpx.post(f"{gateway.url}{path}", headers=bearer(key) if key else {}, **options)


def audited(folder):
    return [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("name", ["Authorization", "x-api-key"])
def test_key_is_taken_from_either_header(gateway, key, name):
    headers = {name: f"Bearer {key}" if name == "Authorization" else key}
    assert httpx.post(f"{gateway.url}/api/hear", headers=headers).json()["key"] == key_id(key)


def test_without_a_key_nothing_is_done_and_the_answer_says_how(gateway):
    refused = post(gateway)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization: Bearer" in refused.json()["detail"]


def test_errors_are_in_the_form_of_the_api(gateway):
    assert post(gateway, "/v1/audio/speech", "nonsense").json()["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize(
    "wrong",
    [
        "nonsense",
        "tritone_0123456789ab_" + "a" * 43,
        "tritone__",
        "a" * 10_000,
        "' OR 1=1 --",
    ],
)
def test_key_that_is_none_is_refused_without_a_reason(gateway, wrong):
    refused = post(gateway, key=wrong)
    assert refused.status_code == 401
    assert wrong not in refused.text


def test_right_id_with_another_secret_is_refused(gateway, key):
    assert post(gateway, key=key[:-4] + "AAAA").status_code == 401


def test_upload_without_a_valid_key_is_refused_before_it_is_read(gateway):
    with gateway.connect() as connection:
        connection.sendall(b"POST /api/hear HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40000000\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 401")


def test_key_is_not_taken_from_the_address_of_a_request(gateway, key):
    assert httpx.post(f"{gateway.url}/api/hear?token={key}&api_key={key}").status_code == 401


def test_only_the_hash_is_stored(folder, key, gateway):
    secret = key.split("_", 2)[2].encode()
    stored = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert key_id(key).encode() in stored
    assert secret not in stored


def test_keys_differ_and_are_shown_once(command, gateway):
    made = command("create", "one"), command("create", "one")
    assert made[0] != made[1]
    assert all(re.fullmatch(r"tritone_[0-9a-f]{12}_[\w-]{43}", key) for key in made)
    assert not any(key.split("_", 2)[2] in command("list") + command("list", "--json") for key in made)


def test_key_allows_its_scopes_only(gateway, command):
    narrow = command("create", "narrow", "--scope", "transcribe")
    assert post(gateway, key=narrow).status_code == 200
    refused = post(gateway, "/v1/speak", narrow)
    assert refused.status_code == 403
    assert "synthesize" in refused.text


def test_revoked_key_is_refused_within_its_cache_time(gateway, command):
    revoked = command("create", "revoked")
    assert post(gateway, key=revoked).status_code == 200
    command("revoke", key_id(revoked))
    time.sleep(authentication.CACHE_S + 0.1)
    assert post(gateway, key=revoked).status_code == 401
    assert command.listed()[key_id(revoked)]["state"] == "revoked"
    assert "not revoked yet" in command.failing("revoke", key_id(revoked))


def test_expired_key_is_refused(gateway, command):
    soon = command("create", "soon", "--expires", "1h")
    assert post(gateway, key=soon).status_code == 200
    assert command.listed()[key_id(soon)]["expires_at"]


def test_expiry_is_checked_at_each_request(gateway, command, monkeypatch):
    soon = command("create", "soon", "--expires", "2099-01-01")
    assert post(gateway, key=soon).status_code == 200
    after = authentication.now().replace(year=2099, month=2, day=1)
    monkeypatch.setattr(authentication, "now", lambda: after)
    assert post(gateway, key=soon).status_code == 401


def test_rate_is_limited_and_says_when_to_come_back(gateway, command):
    slow = command("create", "slow", "--rate", "3")
    answers = [post(gateway, key=slow) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 20
    assert post(gateway, "/v1/audio/speech", slow).json()["error"]["code"] == "rate_limit_exceeded"


async def test_requests_at_a_time_are_limited(gateway, command):
    single = await asyncio.to_thread(command, "create", "single", "--concurrency", "1")
    async with httpx.AsyncClient(base_url=gateway.url, headers=bearer(single)) as client:
        answers = await asyncio.gather(client.get("/api/slow"), client.get("/api/slow"))
        assert sorted(answer.status_code for answer in answers) == [200, 429]
        assert (await client.get("/api/slow")).status_code == 200  # the place is free again


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", ""),
        ("create", "a\nb"),
        ("create", "a", "--expires", "yesterday"),
        ("create", "a", "--expires", "2020-01-01"),
        ("create", "a", "--rate", "0"),
        ("create", "a", "--scope", "all"),
        ("revoke", "nonsense"),
        ("revoke", "0123456789ab"),
    ],
)
def test_command_refuses_what_makes_no_sense(command, arguments):
    assert "expected" in command.failing(*arguments) or "Invalid value" in command.failing(*arguments)


def test_use_is_noted(gateway, command):
    used = command("create", "used")
    assert command.listed()[key_id(used)]["last_used_at"] is None
    post(gateway, key=used)
    for _ in range(100):
        if command.listed()[key_id(used)]["last_used_at"]:
            return
        time.sleep(0.05)
    pytest.fail("the use was not noted")


async def test_websocket_takes_the_key_in_its_subprotocols(gateway, key):
    url = gateway.url.replace("http", "ws") + "/v1/listen/test"
    for offered, chosen in {
        ("token", key): "token",
        ("bearer", key): "bearer",
        ("realtime", f"openai-insecure-api-key.{key}"): "realtime",
    }.items():
        async with websockets.connect(url, subprotocols=list(offered)) as socket:
            assert socket.subprotocol == chosen
            assert await socket.recv() == key_id(key)


async def test_websocket_without_a_valid_key_is_refused_in_the_handshake(gateway, key):
    url = gateway.url.replace("http", "ws") + "/v1/listen/test"
    for options in ({}, {"subprotocols": ["token", "nonsense"]}, {"additional_headers": bearer(key + "x")}):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url, **options)
        assert refused.value.response.status_code == 401
        assert b"key" in refused.value.response.body
    with pytest.raises(websockets.InvalidStatus):
        await websockets.connect(f"{url}?token={key}")  # a key is no token


async def test_token_opens_nothing_but_a_websocket_of_its_path(gateway, key):
    issued = post(gateway, "/v1/listen/token", key).json()
    assert issued["expires_in_s"] == 60
    base = gateway.url.replace("http", "ws")
    for path in (f"/v1/other?token={issued['token']}", "/v1/other?token=a.b", "/v1/other?token="):
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(base + path)
    assert post(gateway, f"/api/hear?token={issued['token']}").status_code == 401


async def test_token_is_taken_once_by_live_transcription(gateway, key):
    token = post(gateway, "/v1/listen/token", key).json()["token"]
    url = gateway.url.replace("http", "ws") + f"/v1/listen?encoding=linear16&sample_rate=16000&token={token}"
    statuses = []
    for _ in range(2):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url)
        statuses.append(refused.value.response.status_code)
    assert statuses == [503, 401]  # there is no speech server here; then the token was used


def test_requests_and_failed_logins_are_audited_without_keys(gateway, folder, key, command):
    wrong = key[:-4] + "AAAA"
    post(gateway, key=key)
    post(gateway, key=wrong)
    for _ in range(100):
        lines = audited(folder)
        if any(line.get("reason") == "wrong secret" for line in lines):
            break
        time.sleep(0.02)
    done = [line for line in lines if line["action"] == "POST /api/hear" and line["key"] == key_id(key)][-1]
    assert done["name"] == "everything"
    assert done["status"] == 200
    assert done["address"] == "127.0.0.1"
    failed = next(line for line in lines if line.get("reason") == "wrong secret")
    assert failed["action"] == "login failed"
    assert failed["key"] == key_id(key)
    created = next(line for line in lines if line["action"] == "key created")
    assert created["user"]
    assert not any(part in (folder / "audit.jsonl").read_text() for part in (key[21:], wrong[21:]))
    assert (folder / "audit.jsonl").stat().st_mode & 0o777 == 0o600


def test_address_that_others_reach_needs_keys_or_says_insecure(tmp_path):
    settings = Settings(gateway_address="0.0.0.0", data_folder=tmp_path)
    with pytest.raises(StartupError, match="keys create"):
        failing_start(settings)
    Command(tmp_path)("create", "a")
    with RunningGateway(settings, routes) as running:
        assert post(running).status_code == 401
    with RunningGateway(settings.model_copy(update={"insecure": True}), routes) as running:
        assert post(running).json()["key"] == "local"


def test_loopback_without_keys_takes_any_key(tmp_path):
    with RunningGateway(Settings(data_folder=tmp_path), routes) as running:
        assert post(running).json()["key"] == "local"
        assert post(running, key="whatever-the-SDK-sends").json()["key"] == "local"


def test_keys_on_postgresql(postgresql_server, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", postgresql_server)
    command = Command(tmp_path)
    key = command("create", "elsewhere")
    assert os.listdir(tmp_path) == ["audit.jsonl"]
    with RunningGateway(Settings(require_keys=True, data_folder=tmp_path), routes) as running:
        assert post(running, key=key).status_code == 200
        command("revoke", key)
        time.sleep(authentication.CACHE_S + 0.1)
        assert post(running, key=key).status_code == 401


async def test_refused_websocket_is_no_failure_of_the_gateway(gateway, command, caplog):
    narrow = await asyncio.to_thread(command, "create", "narrow", "--scope", "synthesize")
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(
            gateway.url.replace("http", "ws") + "/v1/other", additional_headers=bearer(narrow)
        )
    assert refused.value.response.status_code == 403
    await asyncio.sleep(0.1)  # in which the gateway would log it
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
