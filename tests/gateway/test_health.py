import httpx
from tritone_gateway.settings import Settings

from tests.gateway.serving import RunningGateway
from tritone.server.ports import Ports


def test_ready_while_triton_is(http):
    assert http.get("/health/ready").json() == {"status": "ok"}


def test_not_ready_without_triton_and_says_when_to_ask_again():
    nobody = f"127.0.0.1:{Ports.free().grpc}"
    with RunningGateway(Settings(triton_url=nobody)) as gateway:
        answer = httpx.get(f"{gateway.url}/health/ready", timeout=60)
        assert httpx.get(f"{gateway.url}/health/live").status_code == 200
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_unknown_path_is_named(http):
    answer = http.get("/nowhere")
    assert answer.status_code == 404
    assert "/nowhere" in answer.json()["detail"]
