"""What tells who may call: keys, tokens, limits of keys, and the log of all that."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tritone_gateway.errors import StartupError
from tritone_gateway.security.audit import AuditLog, open_audit
from tritone_gateway.security.authentication import Authenticator
from tritone_gateway.security.failed_logins import FailedLogins
from tritone_gateway.security.key_store import KeyStore
from tritone_gateway.security.rates import Rates
from tritone_gateway.security.tokens import Tokens
from tritone_gateway.settings import Settings
from tritone_gateway.settings.access import is_loopback, keys_required
from tritone_gateway.storage.database import Database

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Access:
    """What tells who may call."""

    authenticator: Authenticator
    tokens: Tokens
    rates: Rates
    audit: AuditLog
    failed_logins: FailedLogins


@asynccontextmanager
async def open_access(settings: Settings, database: Database) -> AsyncIterator[Access]:
    """Open it.

    Raises:
        StartupError: keys are asked for and there is none, or the audit log cannot be written.
    """
    store, required = KeyStore(database), keys_required(settings.gateway_address, settings)
    if required and not await store.count_valid():
        raise StartupError(
            f"address {settings.gateway_address}: expected at least one valid API key, as callers need one "
            "there, got none; make one (tritone-gateway keys create NAME), or listen on 127.0.0.1, or serve "
            "everybody who reaches the address (--insecure)."
        )
    _announce(settings, required)
    secret = settings.token_secret.get_secret_value() if settings.token_secret else ""
    tokens = Tokens(secret)
    authenticator = Authenticator(store, tokens, required=required)
    with open_audit(settings) as audit:
        audit.write("gateway started", address=settings.gateway_address, keys=required)
        failed_logins = FailedLogins(audit)
        try:
            yield Access(authenticator, tokens, Rates(), audit, failed_logins)
        finally:
            await authenticator.close()
            failed_logins.summarise()
            audit.write("gateway stopped")


def _announce(settings: Settings, required: bool) -> None:
    address = {"fields": {"address": settings.gateway_address}}
    if not required:
        everybody = "everybody on this machine" if is_loopback(settings.gateway_address) else "everybody"
        _log.warning("no API keys are asked for: %s may use the gateway", everybody, extra=address)
    elif settings.tls_certificate is None and not is_loopback(settings.gateway_address):
        _log.warning(
            "keys and audio are not encrypted on their way: no TLS certificate is set", extra=address
        )
