"""Formats and destinations of transcriptions."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from tritone_client import captions
from tritone_client.command.connection import print_error
from tritone_client.command.sources import Source
from tritone_client.recordings import AUDIO_SUFFIXES
from tritone_client.results import Transcription, Word

Item = TypeVar("Item")

DECIMALS = 3  # milliseconds
SUFFIXES = {"text": ".txt", "json": ".json", "srt": ".srt", "vtt": ".vtt"}
FORMATS = tuple(SUFFIXES)
_CAPTIONS: dict[str, Callable[[Transcription, bool, bool], str]] = {"srt": captions.srt, "vtt": captions.vtt}


@dataclass(frozen=True)
class Style:
    """How a transcription is rendered."""

    format: str  #: one of FORMATS
    raw: bool  #: the words as recognised instead of the punctuated text, for all formats but json
    named: bool  #: whether lines of text begin with the recording's name, as with several recordings
    written: bool = False  #: figures instead of number words; in JSON, beside the others

    @property
    def is_captions(self) -> bool:
        """True for formats with one recording per file."""
        return self.format in _CAPTIONS

    def render(self, name: str, transcription: Transcription) -> str:
        """Return the rendered transcription, with a line end."""
        if self.format == "json":
            return json.dumps(_json_object(name, transcription), ensure_ascii=False) + "\n"
        if self.is_captions:
            return _CAPTIONS[self.format](transcription, self.raw, self.written)
        text = transcription.transcript if self.raw else transcription.text
        if self.written and transcription.written_text is not None:
            text = transcription.written_text
        return f"{name}: {text}\n" if self.named else f"{text}\n"


class Output(Protocol):
    """A destination for results."""

    def write(self, source: Source, transcription: Transcription) -> None:
        """Write one result; may raise OSError."""

    def path(self, source: Source) -> Path | None:
        """Return the path of a recording's own result file, or None if it has none."""


@dataclass(frozen=True)
class StdoutOutput:
    """Standard output, one result after the other."""

    style: Style

    def write(self, source: Source, transcription: Transcription) -> None:
        """Print one result."""
        click.echo(self.style.render(source.name, transcription), nl=False)

    def path(self, source: Source) -> None:
        """Return None."""


@dataclass
class FileOutput:
    """One file, one result after the other. Existing content is kept until the first result."""

    where: Path
    style: Style
    started: bool = False

    def write(self, source: Source, transcription: Transcription) -> None:
        """Append one result."""
        with self.where.open("a" if self.started else "w", encoding="utf-8") as file:
            file.write(self.style.render(source.name, transcription))
        self.started = True

    def path(self, source: Source) -> Path | None:
        """Return the file if it is for a single recording."""
        return None if self.style.named else self.where


@dataclass(frozen=True)
class FolderOutput:
    """A file for each recording, named after it."""

    folder: Path
    style: Style

    def write(self, source: Source, transcription: Transcription) -> None:
        """Write the file of one recording."""
        path = self.path(source)
        write_whole(path, self.style.render(source.name, transcription).encode())

    def path(self, source: Source) -> Path:
        """Return the path of a recording's result."""
        return self.folder / f"{source.target}{SUFFIXES[self.style.format]}"


def open_output(where: str | None, style: Style, sources: Sequence[Source]) -> Output:
    """Return the destination for results, without writing to it.

    Args:
        where: None or - for standard output, else a file or a folder.
        style: how results are rendered.
        sources: the recordings.

    Raises:
        click.UsageError: the destination does not suit the results.
    """
    folder_needed = style.is_captions and style.named
    if where is None or where == "-":
        if folder_needed:
            raise click.UsageError("captions of several files need a folder: -o FOLDER.")
        return StdoutOutput(style)
    path = Path(where)
    if where.endswith(("/", os.sep)) or path.is_dir() or (folder_needed and not path.exists()):
        output = FolderOutput(path, replace(style, named=False))
        check_distinct((source.name, output.path(source)) for source in sources)
        for source in sources:
            _check_no_input(output.path(source), sources)
        return output
    if folder_needed:
        raise click.UsageError(f"captions of several files need a folder, got the file {where}.")
    check_text_file(where)
    _check_no_input(path, sources)
    return FileOutput(path, style)


def check_text_file(where: str) -> Path:
    """Return the path of a file for text.

    Raises:
        click.UsageError: it cannot be written, or is named like a recording.
    """
    path = Path(where)
    if path.is_dir():
        raise click.UsageError(f"-o: expected a file, got the folder {where}.")
    if not path.parent.is_dir():
        raise click.UsageError(f"cannot write {where}: its folder does not exist.")
    if path.suffix.lower() in AUDIO_SUFFIXES:
        raise click.UsageError(
            f"-o {where}: expected a file for text, got one with the suffix of a recording; "
            "-o takes one name, which a pattern like -o r*.wav does not give."
        )
    return path


def _check_no_input(path: Path, sources: Sequence[Source]) -> None:
    if not path.exists():
        return
    for source in sources:
        if isinstance(source.audio, Path) and source.audio.exists() and path.samefile(source.audio):
            raise click.UsageError(
                f"-o: the text of {source.name} would be written over a recording; choose another place."
            )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file atomically, creating its parent folders.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def without_existing(items: Sequence[Item], path_of: Callable[[Item], Path | None]) -> list[Item]:
    """Return the items without a result file, and report how many were skipped.

    Raises:
        click.UsageError: the items have no result files of their own.
    """
    missing = []
    for item in items:
        path = path_of(item)
        if path is None:
            raise click.UsageError(
                "--skip-existing needs a file for each result: -o FOLDER, or -o FILE for one."
            )
        if not path.exists():
            missing.append(item)
    if skipped := len(items) - len(missing):
        print_error(f"{skipped} of {len(items)} skipped, as their files exist")
    return missing


def check_distinct(results: Iterable[tuple[str, Path]]) -> None:
    """Check that every result, given as the name of its input and a path, has its own file.

    Raises:
        click.UsageError: two would be written to the same file.
    """
    taken: dict[Path, str] = {}
    for name, path in results:
        if path in taken:
            raise click.UsageError(
                f"{taken[path]} and {name} would both be written to {path}; use one folder for each."
            )
        taken[path] = name


def _json_object(name: str, transcription: Transcription) -> dict[str, Any]:
    length_s = transcription.duration_s
    duration = {"duration_s": None if length_s is None else round(length_s, DECIMALS)}
    return {"file": name, **duration, **json_transcription(transcription)}


def json_transcription(transcription: Transcription) -> dict[str, Any]:
    """Return the texts and words of a transcription."""
    shown: dict[str, Any] = {
        "transcript": transcription.transcript,
        "text": transcription.text,
        "words": _json_words(transcription.words),
    }
    if transcription.written_text is not None:
        shown["written_text"] = transcription.written_text
        shown["written_words"] = _json_words(transcription.written_words)
    return shown | _alternatives(transcription)


def _json_words(words: Iterable[Word]) -> list[dict[str, Any]]:
    return [
        {
            "word": word.word,
            "start_s": round(word.start_s, DECIMALS),
            "end_s": round(word.end_s, DECIMALS),
            "confidence": round(word.confidence, DECIMALS),
        }
        for word in words
    ]


def _alternatives(transcription: Transcription) -> dict[str, Any]:
    """Return the alternatives that were asked for."""
    shown = [
        {"transcript": alternative.transcript, "score": round(alternative.score, DECIMALS)}
        for alternative in transcription.alternatives
    ]
    return {"alternatives": shown} if shown else {}
