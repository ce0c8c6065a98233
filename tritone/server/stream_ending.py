"""End the streams of a server that is to stop, with final results."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request

from ..contract import OPEN_STREAMS
from .control import ModelControl

_POLL_S = 0.1
_FAREWELL_S = 1.0  # for clients to send another chunk, whose answer tells them that their stream has ended
_UNLOAD_S = 3.0  # for clients to close the connections of streams that have ended
_OPEN = re.compile(rf"^{OPEN_STREAMS}{{[^}}]*}} (\S+)$", re.MULTILINE)


def end_streams(metrics_url: str, control: ModelControl, timeout_s: float) -> bool:
    """Wait until all streams have ended, and unload their models.

    The models have been told to stop: they end each stream at its next chunk, and forget one without chunks.

    Args:
        metrics_url: of the server.
        control: of the server.
        timeout_s: longest wait for streams.

    Returns:
        Whether Triton can stop; False if clients still hold connections on which streams have ended.
    """
    deadline = time.monotonic() + timeout_s
    had_streams = False
    while open_streams(metrics_url) > 0 and time.monotonic() < deadline:
        had_streams = True
        time.sleep(_POLL_S)
    if had_streams:
        time.sleep(_FAREWELL_S)
    return control.unload_streams(_UNLOAD_S)


def open_streams(metrics_url: str) -> int:
    """Return how many streams are open, 0 where the server does not tell."""
    try:
        with urllib.request.urlopen(metrics_url, timeout=2) as answer:
            text = answer.read().decode("utf-8", errors="replace")
    except (urllib.error.URLError, OSError):
        return 0
    return round(sum(float(value) for value in _OPEN.findall(text)))
