"""What the user wants transcribed: files, the audio files of folders, and standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

import click

from tritone_client.recordings import audio_files

STDIN = "-"


@dataclass(frozen=True)
class Source:
    """One recording."""

    name: str  #: as the user knows it
    audio: Path | bytes  #: the file, or its content where it came through stdin
    target: PurePath  #: where its result goes inside an output folder, without suffix


@dataclass(frozen=True)
class Unusable:
    """An argument that holds no recording."""

    name: str
    reason: str


def find_sources(arguments: Iterable[str], recursive: bool) -> Iterator[Source | Unusable]:
    """Yield the recordings that the arguments stand for, in their order."""
    for argument in arguments:
        path = Path(argument)
        name = click.format_filename(argument)
        if argument == STDIN:
            # Read here and not in a thread of the event loop, where it could not be interrupted.
            yield Source(STDIN, sys.stdin.buffer.read(), PurePath("stdin"))
        elif path.is_dir():
            yield from _in_folder(path, recursive)
        elif not path.exists():
            yield Unusable(name, "no such file or folder")
        else:
            yield Source(name, path, PurePath(path.stem))


def _in_folder(folder: Path, recursive: bool) -> Iterator[Source | Unusable]:
    name = click.format_filename(str(folder))
    try:
        paths = audio_files(folder, recursive)
    except OSError as error:
        yield Unusable(name, error.strerror or str(error))
        return
    if not paths:
        hint = "" if recursive else "; --recursive looks into its folders too"
        yield Unusable(name, f"folder without audio files (WAV, FLAC, OGG, MP3){hint}")
    for path in paths:
        yield Source(click.format_filename(str(path)), path, path.relative_to(folder).with_suffix(""))
