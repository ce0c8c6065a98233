"""Interim text on a terminal: one line that is written again and again."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from tritone_client.streaming.events import Interim

ELLIPSIS = "…"
CLEAR = "\r\x1b[K"  # to the start of the line, and delete to its end
DIM, NORMAL = "\x1b[2m", "\x1b[0m"
NARROWEST = 4  # columns


def columns() -> int:
    """Return the width of the terminal now, since users change it."""
    return shutil.get_terminal_size().columns


@dataclass
class InterimLine:
    """The line of a terminal that shows what is being spoken.

    It shows the end of a text that is longer than the terminal is wide. Words that may still change are dim.
    """

    stream: TextIO
    columns: Callable[[], int] = columns
    shown: bool = False

    def show(self, interim: Interim) -> None:
        """Show a text instead of the one before."""
        room = max(self.columns(), NARROWEST) - 1  # a full line would make some terminals wrap
        stable, unstable = fitted(_plain(interim.stable), _plain(interim.unstable), room)
        self._write(f"{CLEAR}{stable}{DIM}{unstable}{NORMAL}")
        self.shown = True

    def clear(self) -> None:
        """Remove the text."""
        if self.shown:
            self._write(CLEAR)
            self.shown = False

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def interim_line() -> InterimLine | None:
    """Return the line of the terminal that standard output or standard error is, None if neither is one."""
    if os.environ.get("TERM") == "dumb":
        return None
    return next((InterimLine(stream) for stream in (sys.stdout, sys.stderr) if stream.isatty()), None)


def fitted(stable: str, unstable: str, room: int) -> tuple[str, str]:
    """Shorten the start of a text in two parts so that it takes at most `room` columns."""
    text = stable + unstable
    if width(text) <= room:
        return stable, unstable
    start, left = len(text), room - width(ELLIPSIS)
    while start > 0 and (left := left - width(text[start - 1])) >= 0:
        start -= 1
    while start < len(text) and not width(text[start]):  # a mark without its letter
        start += 1
    if start >= len(stable):
        return ELLIPSIS, text[start:]
    return ELLIPSIS + stable[start:], unstable


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for wide letters, none for combining marks."""
    return sum(map(_letter_width, text))


def _letter_width(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "FW" else 1


def _plain(text: str) -> str:
    """Replace control characters, which would move the cursor."""
    return "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
