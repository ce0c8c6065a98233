"""Signatures of webhooks: HMAC-SHA256 over the message's id, time and body, as Standard Webhooks has them."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from pathlib import Path

from tritone_gateway.errors import StartupError

_SHORTEST = 24  # bytes of a secret


class WebhookSecrets:
    """Secrets of all keys, derived from the operator's, so that no caller can forge messages to another.

    Args:
        masters: the operator's secrets; more than one while they are exchanged.
    """

    def __init__(self, masters: list[bytes]) -> None:
        self._masters = masters

    def shown(self, owner: str) -> str:
        """Return the secret that a key's owner checks signatures with."""
        return "whsec_" + b64encode(_derived(self._masters[0], owner)).decode()

    def headers(self, owner: str, identity: str, timestamp: int, body: bytes) -> dict[str, str]:
        """Return the headers of a message to a key's owner.

        Args:
            owner: id of the key.
            identity: of the message, the same when it is sent again.
            timestamp: seconds since 1970, of this attempt.
            body: of the message.
        """
        content = f"{identity}.{timestamp}.".encode() + body
        digests = [hmac.digest(_derived(master, owner), content, "sha256") for master in self._masters]
        return {
            "webhook-id": identity,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join("v1," + b64encode(digest).decode() for digest in digests),
        }


def _derived(master: bytes, owner: str) -> bytes:
    return hmac.digest(master, b"webhook:" + owner.encode(), hashlib.sha256)


def read_secrets(file: Path) -> WebhookSecrets:
    """Return the secrets in a file, one a line, the newest first.

    Raises:
        StartupError: the file cannot be read, or has none or a short one.
    """
    try:
        masters = [line.strip() for line in file.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise StartupError(f"webhook_secret_file: expected a file, got {file}: {error.strerror}.") from error
    if not masters or any(len(master) < _SHORTEST for master in masters):
        raise StartupError(
            f"webhook_secret_file: expected secrets of {_SHORTEST} characters in {file}, one a line; "
            "`openssl rand -base64 32` makes one."
        )
    return WebhookSecrets(masters)
