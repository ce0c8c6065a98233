"""Structured logs: JSON lines, or text on a terminal.

Messages are fixed words; what varies is in `extra={"fields": {...}}`. Of an exception its type and the places
in the code are written, not its message, which may quote a caller's words.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from typing import Any

from tritone_gateway.observability.requests import request_id

OURS = "tritone_gateway"
# uvicorn logs a failed start with a traceback, which `serve` reports in words, and calls it an error of the
# application when a WebSocket is refused with a response.
_MISLEADING = ("Traceback", "ASGI callable returned without completing handshake")


def configure(form: str, level: str) -> None:
    """Write the log to stderr.

    Args:
        form: json, text, or auto: text on a terminal.
        level: of the gateway's own messages; other libraries report warnings only.
    """
    readable = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextFormatter() if readable else JsonFormatter())
    handler.addFilter(lambda record: not str(record.msg).startswith(_MISLEADING))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(OURS).setLevel(level.upper())
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # warns of every malformed form of a caller


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {"time": _time(record), "level": record.levelname.lower(), "message": record.getMessage()}
        return json.dumps({**line, **_fields(record), **_failure(record)}, default=str)


class TextFormatter(logging.Formatter):
    """Time, severity, message and fields, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; the places of an exception follow on lines of their own."""
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        severity = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        failure = _failure(record)
        fields = " ".join(
            f"{name}={value}"
            for name, value in {**_fields(record), "error": failure.get("error")}.items()
            if value
        )
        places = "".join(f"\n    {place}" for place in failure.get("at", ()))
        return f"{clock} {severity}{record.getMessage()} {fields}".rstrip() + places


def _time(record: logging.LogRecord) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03d}Z"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    current = request_id.get()
    return {**getattr(record, "fields", {}), **({"request_id": current} if current else {})}


def _failure(record: logging.LogRecord) -> dict[str, Any]:
    """The type of a logged exception and where it was raised, innermost last."""
    if not record.exc_info or record.exc_info[1] is None:
        return {}
    error = record.exc_info[1]
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": f"{type(error).__module__}.{type(error).__qualname__}", "at": places}
