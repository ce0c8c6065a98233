"""TLS of the gateway's own port."""

from __future__ import annotations

import logging
import ssl
import time
from pathlib import Path

from tritone_gateway.errors import StartupError
from tritone_gateway.settings.access import AccessSettings

_LOOK_EVERY_S = 1.0
_log = logging.getLogger(__name__)

_Stamp = tuple[tuple[int, int, int], ...]


class RenewableContext:
    """A server's TLS context that reads its files again when they have changed.

    Handshakes look at the files, at most once a second, and use a new context from then on; connections that
    are open go on with the one they began with. Files that do not belong together, as in the middle of a
    renewal, are reported and leave the certificate as it was.

    Raises:
        StartupError: the files are not usable.
    """

    def __init__(self, certificate: Path, key: Path | None, client_ca: Path | None) -> None:
        self._certificate, self._key, self._client_ca = certificate, key, client_ca
        self._files = [path for path in (certificate, key, client_ca) if path is not None]
        self._stamp = self._stamped()
        self._current = self.listening = self._made()  #: `listening` is the one to serve with
        self._looked = time.monotonic()
        self.listening.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        self._renew()
        connection.context = self._current

    def _renew(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY_S:
            return
        self._looked = now
        stamp = self._stamped()
        if stamp == self._stamp:
            return
        try:
            self._current = self._made()
        except StartupError as error:
            _log.error("TLS certificate not renewed", extra={"fields": {"reason": str(error)}})
        else:
            _log.info("TLS certificate renewed", extra={"fields": {"file": str(self._certificate)}})
        self._stamp = stamp

    def _made(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        try:
            # An empty passphrase fails where the file needs one; OpenSSL would ask for it on the terminal.
            context.load_cert_chain(self._certificate, self._key, password=lambda: b"")
            if self._client_ca is not None:
                context.load_verify_locations(self._client_ca)
                context.verify_mode = ssl.CERT_REQUIRED
        except (OSError, ssl.SSLError, ValueError) as error:
            files = ", ".join(str(path) for path in self._files)
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            raise StartupError(
                f"TLS: expected PEM files with a certificate, its key without passphrase and the clients' "
                f"CA, got {files} ({reason}); `make certificates` makes some for trying."
            ) from error
        return context

    def _stamped(self) -> _Stamp:
        return tuple(_stamp(path) for path in self._files)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def server_context(access: AccessSettings) -> ssl.SSLContext | None:
    """Return the context to serve with, or None where no certificate is set."""
    if access.tls_certificate is None:
        return None
    return RenewableContext(access.tls_certificate, access.tls_key, access.tls_client_ca).listening
