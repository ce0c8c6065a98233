"""Sends webhooks, again where that fails."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network

import httpx

from tritone_gateway.errors import BadRequestError
from tritone_gateway.jobs.leases import Leases
from tritone_gateway.schemas.records import asr_body
from tritone_gateway.security.outgoing import checked_address
from tritone_gateway.settings.jobs import JobSettings
from tritone_gateway.storage.database import Database
from tritone_gateway.storage.tables import Delivery, Record, now
from tritone_gateway.webhooks.signing import WebhookSecrets

_log = logging.getLogger(__name__)
_HEADERS = {"Content-Type": "application/json", "User-Agent": "tritone-gateway"}
_GONE = 410  # the receiver wants no more of it


class Deliveries:
    """What to do with one message."""

    def __init__(
        self,
        database: Database,
        leases: Leases[Delivery],
        secrets: WebhookSecrets,
        settings: JobSettings,
        private_networks: Iterable[IPv4Network | IPv6Network],
    ) -> None:
        self._database = database
        self._leases = leases
        self._secrets = secrets
        self._settings = settings
        self._private_networks = list(private_networks)

    async def do(self, delivery: Delivery) -> None:
        """Send a message, and forget it, or note when to send it again."""
        async with self._database.reading() as session:
            record = await session.get(Record, delivery.record_uuid)
        if record is None or await self._settled(delivery, record):
            await self._forget(delivery)
            return
        delays = self._settings.webhook_delays_s
        if delivery.attempts > len(delays):
            _log.warning("webhook given up", extra=_fields(delivery))
            await self._forget(delivery)
            return
        await self._leases.put_back(delivery, delays[delivery.attempts - 1] * random.uniform(1, 1.2))

    async def _settled(self, delivery: Delivery, record: Record) -> bool:
        """Send a message; True if it arrived, or never will."""
        message = {
            "type": f"{record.kind}.{record.state}",
            "timestamp": now().isoformat(),
            "data": asr_body(record, delivery.base_url).model_dump(mode="json"),
        }
        body = json.dumps(message).encode()
        signature = self._secrets.headers(record.owner, str(delivery.uuid), int(time.time()), body)
        try:
            status = await asyncio.wait_for(
                self._sent(delivery.url, body, signature), self._settings.webhook_timeout_s
            )
        except (BadRequestError, httpx.HTTPError, asyncio.TimeoutError) as error:
            _log.info("webhook not delivered", extra=_fields(delivery, reason=type(error).__name__))
            return False
        _log.info("webhook answered", extra=_fields(delivery, status=status))
        return 200 <= status < 300 or status == _GONE

    async def _sent(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        to = await checked_address(url, self._private_networks, param="callback")
        headers = {**to.headers, **headers, **_HEADERS}
        timeout_s = self._settings.webhook_timeout_s
        async with (
            httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=timeout_s) as client,
            client.stream("POST", to.url, content=body, headers=headers, extensions=to.extensions) as answer,
        ):
            return answer.status_code

    async def _forget(self, delivery: Delivery) -> None:
        async with self._database.writing() as session:
            await self._leases.finish(session, delivery)


def _fields(delivery: Delivery, **others: object) -> dict[str, object]:
    known = {"webhook": delivery.uuid, "record": delivery.record_uuid, "attempt": delivery.attempts}
    return {"fields": {**known, **others}}
