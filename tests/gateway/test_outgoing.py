"""Requests that callers have the gateway send never reach its own network."""

import http.server
import threading
from ipaddress import ip_network

import httpx
import pytest
from tritone_gateway.errors import BadRequestError
from tritone_gateway.security import outgoing
from tritone_gateway.security.outgoing import checked_address
from tritone_gateway.settings import Settings


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",  # the same, as the system's resolver reads it
        "2130706433",
        "0x7f.1",
        "localhost",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "100.64.0.1",  # shared by a provider's customers
        "169.254.169.254",  # metadata of clouds
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::7f00:1]",  # NAT64 of 127.0.0.1
        "[2002:7f00:1::]",  # 6to4 of 127.0.0.1
    ],
)
async def test_address_inside_is_refused(host):
    with pytest.raises(BadRequestError, match="public") as refused:
        await checked_address(f"http://{host}:9/hook", param="webhook_url")
    assert refused.value.param == "webhook_url"


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700:4700::1111]"])
async def test_public_address_is_pinned(host):
    destination = await checked_address(f"https://{host}/hook?to=1")
    assert destination.url == f"https://{host}/hook?to=1"


async def test_request_goes_to_the_checked_address_under_its_name(monkeypatch):
    answers = {"hook.example": "93.184.215.14"}

    async def resolved(host, port, param):
        return [outgoing.ip_address(answers[host])]

    monkeypatch.setattr(outgoing, "_resolved", resolved)
    destination = await checked_address("https://hook.example:8443/done")
    assert destination.url == "https://93.184.215.14:8443/done"
    assert destination.headers == {"Host": "hook.example:8443"}
    assert destination.extensions == {"sni_hostname": "hook.example"}


async def test_name_with_one_address_inside_is_refused(monkeypatch):
    async def resolved(host, port, param):
        return [outgoing.ip_address("93.184.215.14"), outgoing.ip_address("10.0.0.1")]

    monkeypatch.setattr(outgoing, "_resolved", resolved)
    with pytest.raises(BadRequestError, match="public"):
        await checked_address("https://hook.example/")


async def test_allowed_network_is_reached_and_others_are_not():
    allowed = [ip_network("127.0.0.0/8")]
    assert (await checked_address("http://127.0.0.1:9/", allowed)).url == "http://127.0.0.1:9/"
    assert (await checked_address("http://[::ffff:127.0.0.1]:9/", allowed)).url
    with pytest.raises(BadRequestError):
        await checked_address("http://10.0.0.1/", allowed)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "8.8.8.8",
        "",
        "http://",
        "http://a:b@8.8.8.8/",
        "http://\n/",
        "http://8.8.8.8:99999/",
        "http://8.8.8.8:0/",
    ],
)
async def test_other_than_a_plain_web_address_is_refused(url):
    with pytest.raises(BadRequestError):
        await checked_address(url)


async def test_unknown_name_is_refused():
    with pytest.raises(BadRequestError, match="resolves"):
        await checked_address("https://nowhere.invalid/")


async def test_httpx_sends_what_is_returned():
    hosts = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            hosts.append(self.headers["Host"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = f"http://localhost:{server.server_port}/hook"
        to = await checked_address(url, [ip_network("127.0.0.0/8"), ip_network("::1/128")])
        async with httpx.AsyncClient(trust_env=False) as client:
            url = to.url.replace("[::1]", "127.0.0.1")
            answer = await client.post(url, headers=to.headers, extensions=to.extensions)
    assert answer.status_code == 204
    assert hosts == [f"localhost:{server.server_port}"]


def test_networks_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("TRITONE_WEBHOOK_NETWORKS", "10.1.0.0/16, fd00::/8")
    assert [str(network) for network in Settings().webhook_networks] == ["10.1.0.0/16", "fd00::/8"]
