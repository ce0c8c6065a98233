"""Both clients over both protocols with TLS, through a real TLS-terminating proxy."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest
from tritone_client import Client, ServerUnavailableError, Tls

from tools import certificates


@contextmanager
def terminating(target: str, context: ssl.SSLContext) -> Iterator[str]:
    """Accept TLS and pass what comes on to HOST:PORT; yields the proxy's address."""
    host, _, port = target.rpartition(":")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=connect, args=(accepted,), daemon=True).start()

    def connect(accepted: socket.socket) -> None:
        with suppress(OSError), closing(accepted):
            accepted.settimeout(20)
            with (
                context.wrap_socket(accepted, server_side=True) as secure,
                closing(socket.create_connection((host, int(port)))) as plain,
            ):
                threading.Thread(target=copy, args=(plain, secure), daemon=True).start()
                copy(secure, plain)

    def copy(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError, ValueError):
            while part := source.recv(65536):
                sink.sendall(part)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    certificates.make(folder)
    return folder


def server_context(files, mutual=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files / "server.pem", files / "server-key.pem")
    context.set_alpn_protocols(["h2", "http/1.1"])
    if mutual:
        context.load_verify_locations(files / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture
def secure_url(caller, urls, files):
    with terminating(urls[caller.protocol], server_context(files)) as url:
        yield url


def client_tls(files):
    return Tls(files / "ca.pem", files / "client.pem", files / "client-key.pem")


SCHEMES = {"grpc": "grpcs", "http": "https"}


@pytest.mark.parametrize("scheme", [True, False])
def test_answers_come_with_tls(caller, secure_url, files, scheme):
    url = f"{SCHEMES[caller.protocol]}://{secure_url}" if scheme else secure_url
    assert caller(url, "punctuate", "hello", tls=Tls(files / "ca.pem")) == "Hello."


def test_name_in_the_certificate_is_checked(caller, secure_url, files, tmp_path):
    authority = certificates.Authority()
    authority.write(tmp_path)
    authority.issue(tmp_path, "server", "elsewhere", ["elsewhere.example"])
    with (
        terminating("127.0.0.1:1", server_context(tmp_path)) as url,
        pytest.raises(ServerUnavailableError),
    ):
        caller(url, "punctuate", "hello", tls=Tls(tmp_path / "ca.pem"), retries=0)


def test_certificate_of_an_unknown_authority_is_refused(caller, secure_url):
    with pytest.raises(ServerUnavailableError) as refused:
        caller(f"{SCHEMES[caller.protocol]}://{secure_url}", "punctuate", "hello", retries=0)
    assert "unable to get local issuer certificate" in str(refused.value)


def test_client_shows_its_certificate_where_one_is_asked_for(caller, urls, files):
    with terminating(urls[caller.protocol], server_context(files, mutual=True)) as url:
        assert caller(url, "punctuate", "hello", tls=client_tls(files)) == "Hello."
        with pytest.raises(ServerUnavailableError):
            caller(url, "punctuate", "hello", tls=Tls(files / "ca.pem"), retries=0)


def test_streams_go_over_tls(urls, files):
    with (
        terminating(urls["grpc"], server_context(files)) as url,
        Client(f"grpcs://{url}", tls=Tls(files / "ca.pem")) as client,
    ):
        assert sum(speech.samples.size for speech in client.stream_synthesis("hello"))


def test_a_server_without_tls_is_told_from_one_with_it(caller, urls, files):
    with pytest.raises(ServerUnavailableError):
        caller(urls[caller.protocol], "punctuate", "hello", tls=Tls(files / "ca.pem"), retries=0)


def test_command_takes_the_files(tritone, urls, files, record):
    with terminating(urls["grpc"], server_context(files, mutual=True)) as url:
        options = ["--tls-ca", files / "ca.pem", "--tls-certificate", files / "client.pem"]
        result = tritone("punctuate", "hello", *options, "--tls-key", files / "client-key.pem", url=url)
        assert (result.exit_code, result.stdout) == (0, "Hello.\n")


@pytest.mark.parametrize(
    "files_given",
    [{"ca": "nowhere.pem"}, {"certificate": "nowhere.pem"}, {"ca": __file__}, {"key": "only.pem"}],
)
def test_file_that_cannot_be_used_is_told_at_once(files_given):
    with pytest.raises(ValueError, match="tls: expected"):
        Client(tls=Tls(**files_given))


def test_command_says_which_file_cannot_be_used(tritone, urls):
    result = tritone("punctuate", "hello", "--tls-ca", "nowhere.pem", url=urls["grpc"])
    assert result.exit_code == 2
    assert "nowhere.pem" in result.stderr
