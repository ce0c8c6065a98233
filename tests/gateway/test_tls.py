"""TLS of the gateway's port: versions, renewal without dropping connections, certificates of clients."""

import socket
import ssl
from contextlib import closing

import httpx
import pytest
from tritone_gateway.errors import StartupError
from tritone_gateway.security import tls
from tritone_gateway.security.serving import server_options
from tritone_gateway.settings import Settings

from tests.gateway.serving import RunningGateway
from tools import certificates


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    certificates.make(folder)
    return folder


def of_server(files):
    return {"tls_certificate": files / "server.pem", "tls_key": files / "server-key.pem"}


def trusting(files, client=None):
    context = ssl.create_default_context(cafile=files / "ca.pem")
    if client:
        context.load_cert_chain(files / f"{client}.pem", files / f"{client}-key.pem")
    return context


def serial(gateway, context, name="localhost"):
    """Return the serial number of the certificate that a new connection gets."""
    with (
        closing(socket.create_connection(("127.0.0.1", gateway.port))) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        return secure.getpeercert()["serialNumber"]


def test_serves_tls_and_tells_browsers_to_stay_with_it(files):
    with RunningGateway(Settings(**of_server(files))) as gateway:
        assert gateway.url.startswith("https://")
        answer = httpx.get(f"{gateway.url}/health/live", verify=trusting(files))
        assert answer.json() == {"status": "ok"}
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{gateway.port}/health/live")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_versions_of_tls_are_refused(files):
    with RunningGateway(Settings(**of_server(files))) as gateway:
        for version, taken in {
            ssl.TLSVersion.TLSv1_1: False,
            ssl.TLSVersion.TLSv1_2: True,
            ssl.TLSVersion.TLSv1_3: True,
        }.items():
            context = trusting(files)
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            if taken:
                assert serial(gateway, context)
            else:
                with pytest.raises(ssl.SSLError):
                    serial(gateway, context)


def test_renewed_certificate_is_used_and_open_connections_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(tls, "_LOOK_EVERY_S", 0.0)
    certificates.make(tmp_path)
    before = trusting(tmp_path)
    with RunningGateway(Settings(**of_server(tmp_path))) as gateway, httpx.Client(verify=before) as client:
        client.get(f"{gateway.url}/health/live")
        first = serial(gateway, before)
        (tmp_path / "server-key.pem").write_text("half of a renewal")
        assert serial(gateway, before) == first
        certificates.make(tmp_path)
        assert client.get(f"{gateway.url}/health/live").status_code == 200  # on the connection of before
        after = trusting(tmp_path)
        assert serial(gateway, after) != first
        assert serial(gateway, after, "127.0.0.1")  # without a server's name in the handshake
        with pytest.raises(ssl.SSLError):
            serial(gateway, before)


def test_clients_need_a_certificate_where_that_is_set(files, tmp_path):
    settings = Settings(**of_server(files), tls_client_ca=files / "ca.pem")
    certificates.make(tmp_path)
    with RunningGateway(settings) as gateway:
        url = f"{gateway.url}/health/live"
        assert httpx.get(url, verify=trusting(files, "client")).status_code == 200
        with pytest.raises(httpx.HTTPError):
            httpx.get(url, verify=trusting(files))
        stranger = trusting(files)
        stranger.load_cert_chain(tmp_path / "client.pem", tmp_path / "client-key.pem")
        with pytest.raises(httpx.HTTPError):
            httpx.get(url, verify=stranger)


def test_authority_of_clients_is_read_again_too(tmp_path, monkeypatch):
    monkeypatch.setattr(tls, "_LOOK_EVERY_S", 0.0)
    server, clients = tmp_path / "server", tmp_path / "clients"
    certificates.make(server)
    certificates.make(clients)
    settings = Settings(**of_server(server), tls_client_ca=clients / "ca.pem")
    with RunningGateway(settings) as gateway:

        def status():
            context = ssl.create_default_context(cafile=server / "ca.pem")
            context.load_cert_chain(clients / "client.pem", clients / "client-key.pem")
            return httpx.get(f"{gateway.url}/health/live", verify=context).status_code

        assert status() == 200
        certificates.Authority().write(clients)  # the client's certificate stays one of the former authority
        with pytest.raises(httpx.HTTPError):
            status()


@pytest.mark.parametrize("wrong", ["missing", "not PEM", "key of another", "no key"])
def test_files_that_cannot_be_used_stop_the_start(files, tmp_path, wrong):
    certificates.make(tmp_path)
    settings = {
        "missing": {"tls_certificate": tmp_path / "nowhere.pem"},
        "not PEM": {"tls_certificate": __file__},
        "key of another": {"tls_certificate": files / "server.pem", "tls_key": tmp_path / "server-key.pem"},
        "no key": {"tls_certificate": files / "server.pem"},
    }[wrong]
    with pytest.raises(StartupError, match="TLS: expected PEM files"):
        server_options(Settings(**settings))


def test_key_without_certificate_is_refused():
    with pytest.raises(ValueError, match="tls_certificate"):
        Settings(tls_key="key.pem")
