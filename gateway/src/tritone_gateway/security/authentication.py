"""From what a caller shows to the caller."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from tritone_gateway.errors import AuthenticationError
from tritone_gateway.security import keys
from tritone_gateway.security.callers import LOCAL, Caller, Scope
from tritone_gateway.security.credentials import Credentials
from tritone_gateway.security.key_store import KeyStore
from tritone_gateway.security.tokens import Tokens
from tritone_gateway.storage.tables import ApiKey, now

CACHE_S = 1.0  # for so long a process may not know that a key was revoked
_CACHED_KEYS = 10_000
_NOTE_USE_EVERY_S = 60.0
_NO_DIGEST = "0" * 64


class LoginError(AuthenticationError):
    """Credentials that are not valid; the caller is not told why, the audit log is."""

    def __init__(self, key_id: str, reason: str) -> None:
        super().__init__("The API key is not valid: it is unknown, expired or revoked; use another one.")
        self.key_id = key_id  #: the public part of the key, or empty
        self.reason = reason


class Authenticator:
    """Knows keys and tokens.

    Args:
        store: of the keys.
        tokens: for WebSockets.
        required: whether a key is needed; otherwise everybody is `LOCAL`, whatever they show.
    """

    def __init__(self, store: KeyStore, tokens: Tokens, *, required: bool) -> None:
        self._store, self._tokens, self.required = store, tokens, required
        self._rows: OrderedDict[str, tuple[float, ApiKey | None]] = OrderedDict()
        self._use_noted: dict[str, float] = {}
        self._notes: set[asyncio.Task[None]] = set()

    async def caller(self, credentials: Credentials, path: str) -> Caller | None:
        """Return who shows the credentials, or None where none are shown.

        Raises:
            LoginError: the key is not valid.
            AuthenticationError: the token is not valid for this path.
        """
        if not self.required:
            return LOCAL
        if not credentials:
            return None
        if credentials.token:
            return await self._valid(self._tokens.spend(credentials.token, path), None)
        key = keys.parsed(credentials.key)
        if key is None:
            raise LoginError("", "not a key")
        return await self._valid(key.id, key)

    async def close(self) -> None:
        """Finish what is being noted."""
        await asyncio.gather(*self._notes, return_exceptions=True)

    async def _valid(self, key_id: str, key: keys.Key | None) -> Caller:
        row = await self._row(key_id)
        # Also compared where there is no such key, so that the time does not tell which ids exist.
        matches = key is None or key.matches(row.digest if row else _NO_DIGEST)
        if row is None:
            raise LoginError(key_id, "unknown")
        if not matches:
            raise LoginError(key_id, "wrong secret")
        if row.revoked_at is not None:
            raise LoginError(key_id, "revoked")
        if row.expires_at is not None and row.expires_at <= now():
            raise LoginError(key_id, "expired")
        self._note_use(key_id)
        return Caller(
            row.id,
            row.name,
            frozenset(scope for scope in Scope if scope.value in row.scopes),
            row.requests_per_minute,
            row.concurrent_requests,
        )

    async def _row(self, key_id: str) -> ApiKey | None:
        at, row = self._rows.get(key_id, (0.0, None))
        if time.monotonic() - at > CACHE_S or key_id not in self._rows:
            at = time.monotonic()
            row = await self._store.find(key_id)
            self._rows[key_id] = (at, row)
            self._rows.move_to_end(key_id)
            while len(self._rows) > _CACHED_KEYS:
                self._rows.popitem(last=False)
        return row

    def _note_use(self, key_id: str) -> None:
        if time.monotonic() - self._use_noted.get(key_id, -_NOTE_USE_EVERY_S) < _NOTE_USE_EVERY_S:
            return
        self._use_noted[key_id] = time.monotonic()
        task = asyncio.create_task(self._store.used(key_id))
        self._notes.add(task)
        task.add_done_callback(self._noted)

    def _noted(self, task: asyncio.Task[None]) -> None:
        self._notes.discard(task)
        if not task.cancelled():
            task.exception()  # the time of the last use is worth no failed request
