"""Inputs of `tritone transcribe`: files, audio files of folders, and standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

import click

from tritone_client.command.skipped import SkippedItem, name_of, skipped
from tritone_client.folders import scan
from tritone_client.recordings import AUDIO_SUFFIXES, FORMATS

STDIN = "-"


@dataclass(frozen=True)
class Source:
    """One recording."""

    name: str  #: shown to the user
    audio: Path | bytes  #: the file, or the content read from stdin
    target: PurePath  #: path of its result inside an output folder, without suffix


def find_sources(arguments: Iterable[str], recursive: bool) -> Iterator[Source | SkippedItem]:
    """Yield the recordings that the arguments name, in order."""
    for argument in arguments:
        path = Path(argument)
        name = click.format_filename(argument)
        if argument == STDIN:
            # Read here, since a thread of the event loop could not be interrupted.
            yield Source(STDIN, sys.stdin.buffer.read(), PurePath("stdin"))
        elif path.is_dir():
            yield from _in_folder(path, recursive)
        elif path.exists():
            yield Source(name, path, PurePath(path.stem))
        elif path.is_symlink():
            yield SkippedItem(
                name, f"dangling link: {click.format_filename(os.readlink(path))} does not exist"
            )
        else:
            yield SkippedItem(name, "no such file or folder")


def _in_folder(folder: Path, recursive: bool) -> Iterator[Source | SkippedItem]:
    try:
        entries = list(scan(folder, AUDIO_SUFFIXES, recursive))
    except OSError as error:
        yield SkippedItem(name_of(folder), error.strerror or str(error))
        return
    for entry in entries:
        if entry.problem:
            yield skipped(entry)
        else:
            path = entry.path
            yield Source(name_of(path), path, path.relative_to(folder).with_suffix(""))
    if all(entry.problem and not entry.is_failure for entry in entries):
        hint = "" if recursive else "; --recursive looks into its folders too"
        yield SkippedItem(name_of(folder), f"folder without audio files ({FORMATS}){hint}")
