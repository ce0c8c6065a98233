"""The audit log: who did what when with which record. Never what was said, and never a key."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Literal

from tritone_gateway.errors import StartupError
from tritone_gateway.security.audit_file import AuditFile
from tritone_gateway.settings import Settings

Sync = Literal["always", "second", "never"]
Field = str | int | float | bool | list[str] | None

_SECOND_S = 1.0
_LONGEST_TEXT = 300  # characters of a field, which a caller may have chosen
_WAITING = 100_000  # lines, for a disk that hangs
_COMPLAIN_EVERY_S = 60.0
_log = logging.getLogger(__name__)


class AuditLog:
    """Writes events as JSON lines, on a thread of its own so that no request waits for the disk.

    Args:
        file: where; None writes nothing.
        sync: when lines are forced to the disk.
    """

    def __init__(self, file: AuditFile | None, sync: Sync = "second") -> None:
        self._file, self._sync = file, sync
        self._lines: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._complained = float("-inf")
        self._thread = threading.Thread(target=self._write, name="audit", daemon=True)
        if file is not None:
            self._thread.start()

    def write(self, action: str, **fields: Field) -> None:
        """Write an event.

        Args:
            action: what was done.
            fields: about it; those that are None or empty are left out. Line breaks and other control
                characters in them are escaped, so that no caller can forge a line.
        """
        if self._file is None:
            return
        moment = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        told = {name: _short(value) for name, value in fields.items() if value not in (None, "", [])}
        line = json.dumps({"time": moment, "action": action, **told}, ensure_ascii=True)
        try:
            self._lines.put_nowait(line.encode("ascii") + b"\n")
        except queue.Full:
            self._complain("the disk does not keep up; lines are lost")

    def close(self) -> None:
        """Write what is waiting, and end."""
        if self._file is not None:
            self._lines.put(None)
            self._thread.join()
            self._file.close()

    def _write(self) -> None:
        assert self._file is not None
        unsynced, last = False, time.monotonic()
        while True:
            lines, ended = self._next(_SECOND_S if unsynced else None)
            try:
                if lines:
                    self._file.append(lines)
                    unsynced = self._sync != "never"
                due = self._sync == "always" or ended or time.monotonic() - last >= _SECOND_S
                if unsynced and due:
                    self._file.sync()
                    unsynced, last = False, time.monotonic()
            except OSError as error:
                unsynced = False
                self._complain(error.strerror or type(error).__name__)
            if ended:
                return

    def _next(self, wait_s: float | None) -> tuple[list[bytes], bool]:
        """Return all lines that wait, and whether the log was closed."""
        lines: list[bytes] = []
        try:
            line = self._lines.get(timeout=wait_s)
            while line is not None:
                lines.append(line)
                line = self._lines.get_nowait()
        except queue.Empty:
            return lines, False
        return lines, True

    def _complain(self, reason: str) -> None:
        if time.monotonic() - self._complained >= _COMPLAIN_EVERY_S:
            self._complained = time.monotonic()
            _log.error("audit log cannot be written", extra={"fields": {"reason": reason}})


def _short(value: Field) -> Field:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else value


@contextmanager
def open_audit(settings: Settings) -> Iterator[AuditLog]:
    """Open the audit log that the settings name.

    Raises:
        StartupError: it cannot be written.
    """
    path = settings.audit_file or settings.data_folder / "audit.jsonl"
    try:
        file = (
            AuditFile(path, settings.audit_file_bytes, settings.audit_files_kept) if settings.audit else None
        )
    except OSError as error:
        raise StartupError(
            f"audit_file: expected a file that can be written, got {path} ({error.strerror}); correct the "
            "path or its permissions, or serve with --no-audit."
        ) from error
    log = AuditLog(file, settings.audit_sync)
    try:
        yield log
    finally:
        log.close()
