"""API keys: what a key looks like, and what is stored of it.

A key is `tritone_ID_SECRET`. The id finds the row and may be shown and logged; of the secret only the SHA-256
is stored. A slow hash, as passwords need, would add nothing: nobody can try 2**256 secrets however fast each
try is, and it would cost every request.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

_ID_BYTES, _SECRET_BYTES = 6, 32
_FORM = re.compile(r"tritone_(?P<id>[0-9a-f]{12})_(?P<secret>[A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Key:
    """A key as its caller holds it."""

    id: str
    secret: str

    @property
    def text(self) -> str:
        """What the caller sends; shown once, when the key is made."""
        return f"tritone_{self.id}_{self.secret}"

    @property
    def digest(self) -> str:
        """What is stored of the secret."""
        return hashlib.sha256(self.secret.encode("ascii")).hexdigest()

    def matches(self, digest: str) -> bool:
        """Return whether this is the secret of a digest, in a time that tells nothing about it."""
        return hmac.compare_digest(self.digest, digest)

    def __repr__(self) -> str:
        return f"Key({self.id})"


def new_key() -> Key:
    """Return a key that nobody has."""
    return Key(secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES))


def parsed(text: str) -> Key | None:
    """Return the key that a text is, or None."""
    found = _FORM.fullmatch(text)
    return Key(found["id"], found["secret"]) if found else None
