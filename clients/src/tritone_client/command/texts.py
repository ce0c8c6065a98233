"""Inputs of `tritone synthesize`: arguments, standard input, lines of a file, text files of a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import click

from tritone_client.command.connection import error_text
from tritone_client.command.skipped import SkippedItem, name_of, skipped
from tritone_client.command.text_content import decode_text, lines_of
from tritone_client.errors import TritoneError
from tritone_client.folders import scan

STDIN = "-"
TEXT_SUFFIXES = frozenset({".txt"})
DIGITS = 3  # minimum width of line numbers: 001.wav


@dataclass(frozen=True)
class Text:
    """One text."""

    name: str  #: shown to the user
    text: str
    target: PurePath  #: path of its audio inside an output folder, without suffix


def given_text(words: Sequence[str]) -> Text:
    """Return the arguments joined to one text, or standard input for -.

    Raises:
        TritoneError: standard input is not text.
    """
    if tuple(words) == (STDIN,):
        return Text(STDIN, decode_text(sys.stdin.buffer.read()), PurePath("stdin"))
    return Text("tritone", " ".join(words), PurePath("text"))


def texts_from(place: str, recursive: bool) -> Iterator[Text | SkippedItem]:
    """Yield a file's lines, a folder's text files, or the lines of standard input for -.

    Raises:
        OSError: the input cannot be read.
        TritoneError: the input is not text.
    """
    path, name = Path(place), click.format_filename(place)
    if place == STDIN:
        yield from _lines(STDIN, sys.stdin.buffer.read())
    elif path.is_dir():
        for entry in scan(path, TEXT_SUFFIXES, recursive):
            yield skipped(entry) if entry.problem else _file(entry.path, path)
    else:
        yield from _lines(name, path.read_bytes())


def _file(path: Path, folder: Path) -> Text | SkippedItem:
    try:
        text = decode_text(path.read_bytes())
    except (OSError, TritoneError) as error:
        return SkippedItem(name_of(path), error_text(error))
    return Text(name_of(path), text, path.relative_to(folder).with_suffix(""))


def _lines(name: str, content: bytes) -> Iterator[Text]:
    lines = lines_of(content)
    digits = max(DIGITS, len(str(len(lines))))
    for number, line in enumerate(lines, 1):
        if text := line.strip():
            yield Text(f"{name}:{number}", text, PurePath(f"{number:0{digits}}"))
