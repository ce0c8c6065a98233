"""Certificates for trying TLS: `python tools/certificates.py [NAME ...] [--folder FOLDER]`.

Makes a certificate authority, a certificate for a server (localhost, this machine's name, and the names and
addresses that are given) and one for a client. They are for trials and tests: the authority's key lies beside
them, without a passphrase.
"""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS, DAYS = 3650, 397  # browsers refuse certificates of servers that last longer
_CLOCKS_DIFFER = timedelta(hours=1)
_LOCAL = ("localhost", "127.0.0.1", "::1")


class Authority:
    """A certificate authority."""

    def __init__(self, name: str = "tritone trial authority") -> None:
        self._key, self._name = ec.generate_private_key(ec.SECP256R1()), _named(name)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self._certificate = (
            _begun(self._name, self._name, self._key, AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def write(self, folder: Path) -> None:
        """Write ca.pem and ca-key.pem."""
        _write(folder / "ca.pem", _pem(self._certificate))
        _write(folder / "ca-key.pem", _private(self._key))

    def issue(
        self, folder: Path, file: str, name: str, hosts: Sequence[str] = (), days: float = DAYS
    ) -> None:
        """Write FILE.pem and FILE-key.pem: for a server where hosts are given, else for a client."""
        key = ec.generate_private_key(ec.SECP256R1())
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        made = (
            _begun(_named(name), self._name, key, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(authority_id, critical=False)
        )
        if hosts:
            made = made.add_extension(
                x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False
            )
        _write(folder / f"{file}-key.pem", _private(key))
        _write(folder / f"{file}.pem", _pem(made.sign(self._key, hashes.SHA256())))


def make(folder: Path, hosts: Sequence[str] = _LOCAL) -> None:
    """Write an authority, a server's and a client's certificate, and their keys."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = Authority()
    authority.write(folder)
    authority.issue(folder, "server", hosts[0], hosts)
    authority.issue(folder, "client", "tritone client")


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: float
) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + timedelta(days=days))
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """Replace a file at once, so that a server that reads it again never finds half of it."""
    whole = path.with_name(path.name + ".new")
    whole.unlink(missing_ok=True)
    with open(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    whole.replace(path)


def main() -> None:
    """Make the certificates and say how they are used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("hosts", nargs="*", metavar="NAME", help="further names and addresses of the server")
    parser.add_argument("--folder", type=Path, default=Path("certificates"))
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    make(folder, list(dict.fromkeys([*_LOCAL, socket.gethostname(), *arguments.hosts])))
    print(
        f"Made {folder}/: ca.pem, server.pem, client.pem and their keys.\n"
        f"Gateway: --tls-certificate {folder}/server.pem --tls-key {folder}/server-key.pem\n"
        f"         and, to ask clients for certificates, --tls-client-ca {folder}/ca.pem\n"
        f"Clients: curl --cacert {folder}/ca.pem --cert {folder}/client.pem --key {folder}/client-key.pem"
    )


if __name__ == "__main__":
    main()
