"""Connection options shared by all commands: address, timeouts and retries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn, TypeVar

import click

from tritone_client.async_client import AsyncClient
from tritone_client.client import Client
from tritone_client.errors import ServerNotReadyError, ServerUnavailableError, TritoneError
from tritone_client.settings import (
    DEFAULT_OVERLOAD_WAIT_S,
    DEFAULT_RETRIES,
    DEFAULT_TIMEOUT_S,
    DEFAULT_URLS,
    Protocol,
)
from tritone_client.tls import Tls

AnyClient = TypeVar("AnyClient", Client, AsyncClient)

INTERRUPTED = 130  # 128 + SIGINT, as shells report it


@dataclass(frozen=True)
class Connection:
    """The values of the connection options."""

    url: str | None  #: HOST:PORT; None: localhost with the protocol's default port
    protocol: Protocol
    timeout_s: float  #: seconds for one request, retries included
    retries: int
    wait_s: float  #: seconds to wait for a server that is starting
    canary: bool  #: whether to use the pipelines that try a new version
    model: str  #: name of a recogniser or voice beside the default one
    tls: Mapping[str, str | None]  #: files of `Tls`

    def client(self) -> AsyncClient:
        """Create a client; report invalid values as usage errors."""
        # A command that sends many files may overload the server by itself, so it keeps retrying.
        return self._made(AsyncClient, self.timeout_s)

    def blocking_client(self) -> Client:
        """Create a blocking client, for a stream; report invalid values as usage errors."""
        return self._made(Client, DEFAULT_OVERLOAD_WAIT_S)

    def _made(self, kind: Callable[..., AnyClient], overload_wait_s: float) -> AnyClient:
        try:
            return kind(
                self.url,
                protocol=self.protocol,
                timeout_s=self.timeout_s,
                retries=self.retries,
                overload_wait_s=overload_wait_s if self.retries else 0.0,
                canary=self.canary,
                model=self.model,
                tls=Tls(**self.tls) if any(self.tls.values()) else None,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error


def connected(command: Callable[..., None]) -> Callable[..., None]:
    """Add the connection options to a command, which gets them as its first argument."""

    @click.option(
        "--url",
        metavar="HOST:PORT",
        envvar="TRITONE_URL",
        help="Server address; grpcs://HOST:PORT and https://HOST:PORT connect with TLS.  "
        f"[default: {DEFAULT_URLS['grpc']}, with http {DEFAULT_URLS['http']}]",
    )
    @click.option(
        "--protocol",
        type=click.Choice(["grpc", "http"]),
        default="grpc",
        envvar="TRITONE_PROTOCOL",
        show_default=True,
        help="Protocol of the server address.",
    )
    @click.option(
        "--timeout",
        "timeout_s",
        type=click.FloatRange(min=0, min_open=True),
        default=DEFAULT_TIMEOUT_S,
        metavar="SECONDS",
        show_default=True,
        help="Time limit for one request, retries included.",
    )
    @click.option(
        "--retries",
        type=click.IntRange(min=0),
        default=DEFAULT_RETRIES,
        metavar="N",
        show_default=True,
        help="Further attempts while the server does not answer; an overloaded server is retried until the "
        "timeout, with 0 never.",
    )
    @click.option(
        "--wait",
        "wait_s",
        type=click.FloatRange(min=0),
        default=0.0,
        metavar="SECONDS",
        show_default=True,
        help="Wait for a server that is starting or loading its models.",
    )
    @click.option("--canary", is_flag=True, help="Use the pipelines that try a new version of the models.")
    @click.option(
        "--model",
        default="",
        metavar="NAME",
        help="Use a recogniser or voice beside the default one; `tritone models` lists them.",
    )
    @click.option(
        "--tls-ca",
        metavar="FILE",
        envvar="TRITONE_TLS_CA",
        help="Connect with TLS, to a server whose certificate is signed by an authority of this PEM file.  "
        "[default: the system's authorities, with grpcs:// and https:// only]",
    )
    @click.option(
        "--tls-certificate", metavar="FILE", help="Own certificate (PEM), for servers that ask for one."
    )
    @click.option("--tls-key", metavar="FILE", help="Its private key.  [default: in the same file]")
    @wraps(command)
    def with_connection(
        url: str | None,
        protocol: Protocol,
        timeout_s: float,
        retries: int,
        wait_s: float,
        canary: bool,
        model: str,
        tls_ca: str | None,
        tls_certificate: str | None,
        tls_key: str | None,
        **arguments: Any,
    ) -> None:
        tls = {"ca": tls_ca, "certificate": tls_certificate, "key": tls_key}
        command(Connection(url, protocol, timeout_s, retries, wait_s, canary, model, tls), **arguments)

    return with_connection


def run(work: Coroutine[Any, Any, bool]) -> bool:
    """Run a command's coroutine and return whether it succeeded; exit with 130 on Ctrl-C.

    A TritoneError that it raises concerns the whole command and is reported once.
    """
    try:
        return asyncio.run(work)
    except TritoneError as error:
        print_error(error_text(error))
        return False
    except KeyboardInterrupt:
        print_error("interrupted")
        raise SystemExit(INTERRUPTED) from None


def run_blocking(work: Callable[[], bool], subject: str) -> bool:
    """Do the same for a command that blocks; errors of the system concern its subject, a file or device."""
    try:
        return work()
    except BrokenPipeError:
        raise  # the reader of the output has gone
    except TritoneError as error:
        print_error(error_text(error))
        return False
    except OSError as error:
        print_error(error_text(error), subject)
        return False
    except KeyboardInterrupt:
        print_error("interrupted")
        raise SystemExit(INTERRUPTED) from None


def exit_with(succeeded: bool) -> NoReturn:
    """Exit with code 0 on success, else with 1."""
    raise SystemExit(0 if succeeded else 1)


def error_text(error: Exception) -> str:
    """Return an error message for the user of the command."""
    if isinstance(error, ServerUnavailableError | ServerNotReadyError):
        return f"{error} (--wait SECONDS waits for a server that is starting)"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)


def print_error(message: str, subject: str = "tritone") -> None:
    """Print an error message on stderr."""
    click.echo(f"{subject}: {message}", err=True)
