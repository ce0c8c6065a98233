"""TLS between client and server."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tls:
    """Certificates for a connection with TLS; without any, the certificate authorities of the system hold."""

    ca: str | os.PathLike[str] | None = None
    """PEM file with the authorities of the server's certificate, instead of the system's."""
    certificate: str | os.PathLike[str] | None = None
    """PEM file with this client's certificate, for servers that ask for one."""
    key: str | os.PathLike[str] | None = None
    """PEM file with its private key; None: it is in the same file."""

    def __post_init__(self) -> None:
        if self.key is not None and self.certificate is None:
            raise ValueError("tls: expected a certificate with the key, got a key only; give both.")

    def context(self, create: Callable[..., ssl.SSLContext] = ssl.create_default_context) -> ssl.SSLContext:
        """Return what HTTP connects with.

        Args:
            create: gevent has a function of its own.

        Raises:
            ValueError: a file is missing, or is no PEM file of its kind.
        """
        try:
            context = create(cafile=self.ca)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key, password=lambda: b"")
        except (OSError, ValueError) as error:
            raise self._unusable(error) from error
        return context

    def parts(self) -> tuple[bytes | None, bytes | None, bytes | None]:
        """Return what gRPC connects with: authorities, private key and certificate chain, each as PEM."""
        chain = _content(self.certificate)
        key = _content(self.key if self.key is not None else self.certificate)
        return _content(self.ca) or _system_authorities(), key, chain

    def _unusable(self, error: Exception) -> ValueError:
        files = ", ".join(str(file) for file in (self.ca, self.certificate, self.key) if file is not None)
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        return ValueError(f"tls: expected PEM files with certificates and key, got {files} ({reason}).")


def _content(file: str | os.PathLike[str] | None) -> bytes | None:
    return None if file is None else Path(file).read_bytes()


def _system_authorities() -> bytes | None:
    """The system's authorities, as HTTP uses them; gRPC would use a list of its own."""
    if "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH" in os.environ:
        return None
    paths = ssl.get_default_verify_paths()
    return Path(paths.cafile).read_bytes() if paths.cafile else None
