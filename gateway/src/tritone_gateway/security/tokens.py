"""Tokens that live for a minute, for WebSockets: a browser cannot send a key with them but in the address."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable

from tritone_gateway.errors import AuthenticationError

LIFETIME_S = 60
_SECRET_BYTES = 32
_LONGEST = 1000  # characters


class Tokens:
    """Issues and checks tokens; each is for one path, one key and one connection.

    Args:
        secret: shared by the processes that serve one address; empty: a random one.
        clock: seconds since 1970.
    """

    def __init__(self, secret: str = "", clock: Callable[[], float] = time.time) -> None:
        self._secret = secret.encode() if secret else secrets.token_bytes(_SECRET_BYTES)
        self._clock = clock
        self._spent: dict[str, float] = {}  # what was used once, until it would have expired

    def issue(self, key_id: str, path: str) -> str:
        """Return a token with which a key may open a path within a minute."""
        until = self._clock() + LIFETIME_S
        claim = {"key": key_id, "path": path, "until": until, "once": secrets.token_urlsafe(12)}
        payload = _encoded(json.dumps(claim, separators=(",", ":")).encode())
        return f"{payload}.{_encoded(self._signature(payload))}"

    def spend(self, token: str, path: str) -> str:
        """Return the id of the key that a token stands for; the token is worth nothing afterwards.

        Raises:
            AuthenticationError: it is none, or expired, used, or for another path.
        """
        payload, _, signature = token[:_LONGEST].partition(".")
        if not hmac.compare_digest(_encoded(self._signature(payload)).encode(), signature.encode()):
            raise _refused()
        try:
            claim = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (ValueError, binascii.Error):
            raise _refused() from None
        now = self._clock()
        if claim["path"] != path or claim["until"] < now or claim["once"] in self._spent:
            raise _refused()
        self._spent = {once: until for once, until in self._spent.items() if until >= now}
        self._spent[claim["once"]] = claim["until"]
        return str(claim["key"])

    def _signature(self, payload: str) -> bytes:
        return hmac.new(self._secret, payload.encode(), hashlib.sha256).digest()


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _refused() -> AuthenticationError:
    return AuthenticationError(
        f"The token is not valid here, or was used, or is older than {LIFETIME_S} s; ask for a new one."
    )
