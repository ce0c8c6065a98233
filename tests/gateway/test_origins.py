"""Pages of other origins do not get to use a gateway on loopback without keys."""

import httpx
import pytest
import websockets
from fastapi import WebSocket
from tritone_gateway.settings import Settings

from tests.gateway.serving import RunningGateway


def routes(app):
    @app.post("/api/change")
    async def change():
        return {}

    @app.websocket("/api/socket")
    async def listen(socket: WebSocket):
        await socket.accept()
        await socket.close()


@pytest.fixture(scope="module")
def gateway():
    settings = Settings(host_names=["speech.test"], cors_origins=["https://app.example"])
    with RunningGateway(settings, routes) as running:
        yield running


@pytest.fixture(scope="module")
def closed():
    """The same without settings."""
    with RunningGateway(Settings(), routes) as running:
        yield running


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST", "speech.test"]
)
def test_names_of_the_gateway_are_taken(gateway, host):
    assert httpx.get(f"{gateway.url}/health/live", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "attacker.example",
        "localhost.attacker.example",
        "127.0.0.1.nip.io",
        "",
        "[",
        "localhost@attacker.example",
    ],
)
def test_name_that_somebody_pointed_at_loopback_is_refused(gateway, host):
    refused = httpx.get(f"{gateway.url}/health/live", headers={"Host": host})
    assert refused.status_code in (400, 403)
    assert "attacker" not in refused.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},  # another program's page on this machine
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_form_of_another_page_is_refused(closed, headers):
    refused = httpx.post(f"{closed.url}/api/change", headers=headers)
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers


def test_own_page_and_programs_are_taken(closed):
    for headers in ({"Origin": closed.url}, {"Sec-Fetch-Site": "same-origin"}, {}):
        assert httpx.post(f"{closed.url}/api/change", headers=headers).status_code == 200


async def test_websocket_of_another_page_is_refused(closed):
    url = f"ws://127.0.0.1:{closed.port}/api/socket"
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(url, origin="https://attacker.example")
    assert refused.value.response.status_code == 403
    await (await websockets.connect(url, origin=closed.url)).close()
    await (await websockets.connect(url)).close()


def test_no_page_of_another_origin_is_allowed_by_default(closed):
    asked = httpx.options(
        f"{closed.url}/api/change",
        headers={"Origin": "https://app.example", "Access-Control-Request-Method": "POST"},
    )
    assert "access-control-allow-origin" not in asked.headers


def test_origin_that_is_set_is_allowed_and_no_other(gateway):
    for origin, allowed in {
        "https://app.example": "https://app.example",
        "https://other.example": None,
    }.items():
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        }
        asked = httpx.options(f"{gateway.url}/api/change", headers=headers)
        assert asked.headers.get("access-control-allow-origin") == allowed
    assert (
        httpx.post(f"{gateway.url}/api/change", headers={"Origin": "https://app.example"}).status_code == 200
    )


def test_every_response_tells_browsers_what_it_is_not_for(closed):
    for path in ("/health/live", "/nowhere", "/api/change"):
        headers = httpx.get(f"{closed.url}{path}").headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "script-src 'self';" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "server" not in headers
    assert httpx.post(f"{closed.url}/api/change").headers["Cache-Control"] == "no-store"
