"""The table of API keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select, update

from tritone_gateway.security.callers import Scope
from tritone_gateway.security.keys import Key, new_key
from tritone_gateway.storage.database import Database
from tritone_gateway.storage.tables import ApiKey, now


class KeyStore:
    """API keys in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        name: str,
        scopes: Iterable[Scope],
        *,
        expires_at: datetime | None = None,
        requests_per_minute: int | None = None,
        concurrent_requests: int | None = None,
    ) -> Key:
        """Store a new key and return it: the only time that its secret is known."""
        key = new_key()
        row = ApiKey(
            id=key.id,
            digest=key.digest,
            name=name,
            scopes=sorted(scope.value for scope in scopes),
            created_at=now(),
            expires_at=expires_at,
            requests_per_minute=requests_per_minute,
            concurrent_requests=concurrent_requests,
        )
        async with self._database.writing() as session:
            session.add(row)
        return key

    async def all(self) -> Sequence[ApiKey]:
        """Return all keys, the oldest first."""
        async with self._database.reading() as session:
            return (await session.scalars(select(ApiKey).order_by(ApiKey.created_at))).all()

    async def find(self, key_id: str) -> ApiKey | None:
        """Return a key's row."""
        async with self._database.reading() as session:
            return await session.get(ApiKey, key_id)

    async def revoke(self, key_id: str) -> bool:
        """Revoke a key; return whether there was one that was not revoked yet."""
        async with self._database.writing() as session:
            revoked = await session.execute(
                update(ApiKey)
                .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
                .values(revoked_at=now())
                .returning(ApiKey.id)
            )
            return revoked.first() is not None

    async def used(self, key_id: str) -> None:
        """Note that a key was used now."""
        async with self._database.writing() as session:
            await session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now()))

    async def count_valid(self) -> int:
        """Return how many keys are neither revoked nor expired."""
        valid = ApiKey.revoked_at.is_(None) & or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now())
        async with self._database.reading() as session:
            return await session.scalar(select(func.count()).select_from(ApiKey).where(valid)) or 0
