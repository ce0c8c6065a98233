"""What the user wants spoken: arguments, standard input, the lines of a file, the text files of a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import click

from tritone_client.recordings import files_in

STDIN = "-"
TEXT_SUFFIXES = frozenset({".txt"})
DIGITS = 3  # at least, in the numbers of lines: 001.wav


@dataclass(frozen=True)
class Text:
    """One text."""

    name: str  #: as the user knows it
    text: str
    target: PurePath  #: where its audio goes inside an output folder, without suffix


def given_text(words: Sequence[str]) -> Text:
    """Return the text of the arguments, which are its words, or what is on standard input for -."""
    if tuple(words) == (STDIN,):
        return Text(STDIN, _decoded(sys.stdin.buffer.read()), PurePath("stdin"))
    return Text("tritone", " ".join(words), PurePath("text"))


def texts_from(place: str, recursive: bool) -> Iterator[Text]:
    """Yield a file's lines, a folder's text files, or the lines of standard input for -.

    Raises:
        OSError: it cannot be read.
    """
    path, name = Path(place), click.format_filename(place)
    if place == STDIN:
        yield from _lines(STDIN, sys.stdin.buffer.read())
    elif path.is_dir():
        for file in files_in(path, TEXT_SUFFIXES, recursive):
            target = file.relative_to(path).with_suffix("")
            yield Text(click.format_filename(str(file)), _decoded(file.read_bytes()), target)
    else:
        yield from _lines(name, path.read_bytes())


def _lines(name: str, content: bytes) -> Iterator[Text]:
    lines = content.splitlines()
    digits = max(DIGITS, len(str(len(lines))))
    for number, line in enumerate(lines, 1):
        if text := _decoded(line).strip():
            yield Text(f"{name}:{number}", text, PurePath(f"{number:0{digits}}"))


def _decoded(content: bytes) -> str:
    # Bytes that are not UTF-8 stay marked, so that only their own text is refused.
    return content.decode("utf-8-sig", "surrogateescape")
