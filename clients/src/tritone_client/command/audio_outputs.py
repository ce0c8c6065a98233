"""Destinations of synthesized speech: a file, a folder or standard output, and their formats."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import click

from tritone_client.command.outputs import check_distinct, write_whole
from tritone_client.command.texts import Text
from tritone_client.synthesis import AudioFormat

STDOUT = "-"
DEFAULT_FORMAT: AudioFormat = "wav"
SUFFIXES: dict[AudioFormat, tuple[str, ...]] = {  # the first one names new files
    "wav": (".wav",),
    "flac": (".flac",),
    "ogg": (".ogg", ".oga", ".opus"),
    "mp3": (".mp3",),
    "pcm": (".pcm", ".raw"),
}


class AudioOutput(Protocol):
    """A destination for synthesized texts."""

    @property
    def format(self) -> AudioFormat:
        """The format to write."""

    def write(self, text: Text, content: bytes) -> str | None:
        """Write one file and return its name, or None for standard output; may raise OSError."""

    def path(self, text: Text) -> Path | None:
        """Return the path of a text's audio, or None for standard output."""


@dataclass(frozen=True)
class StdoutAudio:
    """Standard output: the bytes of one file."""

    format: AudioFormat

    def write(self, text: Text, content: bytes) -> None:
        """Write the file's bytes."""
        click.echo(content, nl=False)

    def path(self, text: Text) -> None:
        """Return None."""


@dataclass(frozen=True)
class FileAudio:
    """One file. Existing content is kept until there is a result."""

    where: Path
    format: AudioFormat

    def write(self, text: Text, content: bytes) -> str:
        """Write the file, replacing an existing one."""
        self.where.write_bytes(content)
        return click.format_filename(str(self.where))

    def path(self, text: Text) -> Path:
        """Return the file."""
        return self.where


@dataclass(frozen=True)
class FolderAudio:
    """A file for each text, named after it."""

    folder: Path
    format: AudioFormat

    def write(self, text: Text, content: bytes) -> str:
        """Write the file of one text, replacing an existing one."""
        path = self.path(text)
        write_whole(path, content)
        return click.format_filename(str(path))

    def path(self, text: Text) -> Path:
        """Return the path of a text's audio."""
        return self.folder / f"{text.target}{SUFFIXES[self.format][0]}"


def open_file(where: str, format: AudioFormat | None) -> AudioOutput:
    """Return the destination for one text, without writing to it.

    Args:
        where: a file, or - for standard output.
        format: None: by the file's suffix, and WAV on standard output.

    Raises:
        click.UsageError: the destination cannot be used, or the suffix is unknown.
    """
    if where == STDOUT:
        if sys.stdout.isatty():
            raise click.UsageError("-o - writes audio to stdout, which is a terminal; pipe it into a player.")
        return StdoutAudio(format or DEFAULT_FORMAT)
    path = Path(where)
    if where.endswith(("/", os.sep)) or path.is_dir():
        raise click.UsageError(f"one text needs a file, got the folder {where}; --from fills folders.")
    if not path.parent.is_dir():
        raise click.UsageError(f"cannot write {where}: its folder does not exist.")
    return FileAudio(path, format or _format_of(path))


def open_folder(where: str, format: AudioFormat | None, texts: Sequence[Text]) -> AudioOutput:
    """Return a folder as the destination for several texts; it is created with the first file.

    Raises:
        click.UsageError: it is not a folder, or two texts would be written to the same file.
    """
    path = Path(where)
    if where == STDOUT or (path.exists() and not path.is_dir()):
        raise click.UsageError(f"--from needs a folder to write to: -o FOLDER, got {where}.")
    output = FolderAudio(path, format or DEFAULT_FORMAT)
    check_distinct((text.name, output.path(text)) for text in texts)
    return output


def _format_of(path: Path) -> AudioFormat:
    for format, suffixes in SUFFIXES.items():
        if path.suffix.lower() in suffixes:
            return format
    known = ", ".join(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
    raise click.UsageError(f"cannot tell the format of {path}: expected {known}; or give --format.")
