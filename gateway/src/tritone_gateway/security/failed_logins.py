"""Failed logins in the audit log, counted where there are many.

Whoever tries keys must not fill the disk, or push older entries out of the log.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from tritone_gateway.security.audit import AuditLog

_WRITTEN_PER_MINUTE = 10  # of one address
_MINUTE_S = 60.0
_ADDRESSES = 1000


class FailedLogins:
    """Writes failed logins.

    Args:
        audit: the log.
        clock: seconds.
    """

    def __init__(self, audit: AuditLog, clock: Callable[[], float] = time.monotonic) -> None:
        self._audit, self._clock = audit, clock
        self._began = clock()
        self._counts: dict[str, int] = {}  # by address, in this minute

    def note(self, address: str, key_id: str, reason: str, path: str) -> None:
        """Write a failed login, or count it."""
        if self._clock() - self._began >= _MINUTE_S:
            self.summarise()
        if address not in self._counts and len(self._counts) >= _ADDRESSES:
            address = "other addresses"
        count = self._counts[address] = self._counts.get(address, 0) + 1
        if count <= _WRITTEN_PER_MINUTE:
            self._audit.write("login failed", reason=reason, key=key_id, address=address, path=path)

    def summarise(self) -> None:
        """Write how many were not written, and begin a new minute."""
        for address, count in self._counts.items():
            if count > _WRITTEN_PER_MINUTE:
                self._audit.write("logins failed", address=address, more=count - _WRITTEN_PER_MINUTE)
        self._counts, self._began = {}, self._clock()
