"""Who may have live audio transcribed."""

import httpx
import pytest
import websockets
from click.testing import CliRunner
from deepgram import DeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from tritone_gateway.command import main
from tritone_gateway.settings import Settings

from tests.gateway.listen.talking import RAW, refusal, url
from tests.gateway.serving import RunningGateway

CLOSE = '{"type": "CloseStream"}'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def key(folder):
    return made(folder, "caller")


@pytest.fixture(scope="module")
def speaker(folder):
    return made(folder, "speaker", "--scope", "synthesize")


@pytest.fixture(scope="module")
def locked(server, folder, key):
    with RunningGateway(
        Settings(triton_url=server.grpc_url, require_keys=True, data_folder=folder)
    ) as running:
        yield running


def made(folder, *arguments):
    runner = CliRunner(env={"TRITONE_DATA_FOLDER": str(folder)})
    return runner.invoke(main, ["keys", "create", *arguments]).stdout.strip()


async def summed_up(socket):
    await socket.send(CLOSE)
    return '"Metadata"' in await socket.recv()


async def test_without_a_key_the_connection_is_refused_in_the_apis_form(locked):
    status, body, headers = await refusal(locked, RAW)
    assert status == 401
    assert headers["dg-error"] == body["err_msg"]


async def test_a_key_in_the_subprotocol(locked, key):
    async with websockets.connect(url(locked), subprotocols=["token", key]) as socket:
        assert socket.subprotocol == "token"
        assert await summed_up(socket)


async def test_a_token_in_the_address_is_good_once(locked, key):
    answer = httpx.post(f"{locked.url}/v1/listen/token", headers={"Authorization": f"Bearer {key}"})
    query = f"{RAW}&token={answer.json()['token']}"
    async with websockets.connect(url(locked, query)) as socket:
        assert await summed_up(socket)
    assert (await refusal(locked, query))[0] == 401


async def test_a_key_that_may_not_transcribe(locked, speaker):
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(url(locked), additional_headers={"Authorization": f"Token {speaker}"})
    assert refused.value.response.status_code == 403


def test_the_sdks_key(locked, key):
    socket = locked.url.replace("http", "ws", 1)
    web = locked.url
    where = DeepgramClientEnvironment(base=web, production=socket, agent=socket, agent_rest=web)
    with DeepgramClient(api_key=key, environment=where).listen.v1.connect(
        model="nova-3", encoding="linear16", sample_rate=16000
    ) as connection:
        connection.send_close_stream()
        assert connection.recv().type == "Metadata"
