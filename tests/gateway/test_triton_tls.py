"""The gateway and the client in front of a real Triton that asks for TLS and a client's certificate."""

import asyncio

import httpx
import pytest
from tritone_client import AsyncClient, Client, ServerUnavailableError, Tls
from tritone_gateway.backend import RecognitionChoices
from tritone_gateway.backend.triton import TritonBackend
from tritone_gateway.errors import NotFoundError, StartupError, UnavailableError
from tritone_gateway.settings import Settings

from tests.gateway.serving import RunningGateway, failing_start
from tools import certificates
from tritone.server import Ports, ServerOptions, TritonServer
from tritone.server.options import REPOSITORIES


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    certificates.make(folder)
    return folder


@pytest.fixture(scope="module")
def secure_url(files, tmp_path_factory):
    """HOST:PORT of its gRPC endpoint."""
    only_punctuation = [
        "--model-control-mode=explicit",
        *(f"--load-model={name}" for name in ("punctuation_bert", "punctuation_windows", "punctuate")),
    ]
    tls = [
        "--grpc-use-ssl=true",
        "--grpc-use-ssl-mutual=true",
        f"--grpc-server-cert={files / 'server.pem'}",
        f"--grpc-server-key={files / 'server-key.pem'}",
        f"--grpc-root-cert={files / 'ca.pem'}",
    ]
    options = ServerOptions(
        repositories=list(REPOSITORIES), ports=Ports.free(), extra=[*only_punctuation, *tls]
    )
    with TritonServer(options, log=tmp_path_factory.mktemp("server") / "tritonserver.log") as running:
        yield running.grpc_url


def of_client(files):
    return Tls(files / "ca.pem", files / "client.pem", files / "client-key.pem")


async def test_clients_are_answered(secure_url, files):
    async with AsyncClient(secure_url, tls=of_client(files)) as client:
        assert await client.punctuate("how are you") == "How are you?"
    with Client(secure_url, tls=of_client(files)) as client:
        assert client.punctuate("how are you") == "How are you?"


def test_server_does_not_serve_a_stranger(secure_url, files):
    for tls in (None, Tls(files / "ca.pem")):
        with Client(secure_url, tls=tls, retries=0) as client, pytest.raises(ServerUnavailableError):
            client.punctuate("how are you")


def test_gateway_serves_in_front_of_it(secure_url, files):
    settings = Settings(
        triton_url=f"grpcs://{secure_url}",
        triton_ca=files / "ca.pem",
        triton_certificate=files / "client.pem",
        triton_key=files / "client-key.pem",
    )
    with RunningGateway(settings) as gateway:
        ready = httpx.get(f"{gateway.url}/health/ready", timeout=30)
    assert ready.status_code == 503
    # The gateway has asked this server, which has punctuation only.
    assert "does not serve audio_to_text, speech_to_text, text_to_speech, text_to_audio;" in ready.text


def test_gateway_does_not_start_with_certificates_that_are_none(tmp_path):
    with pytest.raises(StartupError, match="triton_ca"):
        failing_start(Settings(triton_ca=__file__, data_folder=tmp_path))


async def test_names_of_models_that_there_are_not_leave_no_connection(secure_url, files):
    backend = TritonBackend(secure_url, 0.0, of_client(files))
    for number in range(5):
        with pytest.raises(NotFoundError):
            await backend.transcribe(b"RIFF", RecognitionChoices(model=f"none{number}"))
    assert list(backend._clients) == [""]
    await backend.close()


async def test_requests_for_a_model_that_there_is_not_do_not_end_each_other(secure_url, files):
    backend = TritonBackend(secure_url, 0.0, of_client(files))
    asked = (backend.transcribe(b"RIFF", RecognitionChoices(model="none")) for _ in range(12))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(answer) for answer in answers} == {NotFoundError}
    ready = await asyncio.gather(*(backend.check_ready() for _ in range(12)), return_exceptions=True)
    assert {type(answer) for answer in ready} == {UnavailableError}
    assert not [name for name in backend._clients if name]
    await backend.close()
