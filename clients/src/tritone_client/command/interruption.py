"""Ctrl-C for commands that take live input: the first one ends the input, the second one the command."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

TICK_S = 0.05  # between two looks at whether the input has been ended


@dataclass
class Interruption:
    """Whether the user has ended the input."""

    requested: bool = False

    def sleep(self, seconds: float) -> None:
        """Sleep, but not on after the input has been ended."""
        until_s = time.monotonic() + seconds
        while not self.requested and (left_s := until_s - time.monotonic()) > 0:
            time.sleep(min(TICK_S, left_s))


@contextmanager
def ended_by_ctrl_c() -> Iterator[Interruption]:
    """Note the first SIGINT; let the second one raise KeyboardInterrupt, as usual."""
    interruption = Interruption()

    def note(number: int, frame: FrameType | None) -> None:
        if interruption.requested:
            raise KeyboardInterrupt
        interruption.requested = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, before)
