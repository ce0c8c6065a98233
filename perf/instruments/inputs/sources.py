"""Recordings from a folder and texts from a file: what all requests are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from export.recognition.recordings import AUDIO_SUFFIXES
from perf.instruments.errors import UsageError
from tritone.server.options import ROOT

Item = TypeVar("Item")


@dataclass(frozen=True)
class Sources:
    """What all requests are made from."""

    recordings: tuple[Path, ...]
    texts: tuple[str, ...]
    described: str  # where they come from


def read_sources(recordings: Path, texts: Path, at_most: int) -> Sources:
    """Find recordings in a folder and its subfolders, and texts in the lines of a file.

    Args:
        recordings: folder.
        texts: UTF-8 file, one text per line; empty lines are left out.
        at_most: of each; if there are more, a selection of mixed sizes is taken.

    Raises:
        UsageError: one of them is missing or empty.
    """
    files, lines = _recordings(recordings), _lines(texts)
    chosen = spread(sorted(files, key=lambda file: (file.stat().st_size, file.name)), at_most)
    spoken = spread(sorted(lines, key=len), at_most)
    described = (
        f"{len(chosen)} of {len(files)} recordings in {_shown(recordings)}, "
        f"{len(spoken)} of {len(lines)} texts in {_shown(texts)}"
    )
    return Sources(tuple(shuffled(chosen)), tuple(shuffled(spoken)), described)


def spread(items: Sequence[Item], at_most: int) -> list[Item]:
    """Choose items evenly over a sorted sequence, including the first and the last."""
    if len(items) <= at_most:
        return list(items)
    if at_most == 1:
        return [items[len(items) // 2]]
    return [items[round(index * (len(items) - 1) / (at_most - 1))] for index in range(at_most)]


def shuffled(items: Sequence[Item]) -> list[Item]:
    """Return sorted items in a fixed order in which neighbours have mixed sizes."""
    step = next(
        step for step in range(round(len(items) * 0.38) + 1, len(items) + 2) if _coprime(step, len(items))
    )
    return [items[index * step % len(items)] for index in range(len(items))]


def _coprime(one: int, other: int) -> bool:
    while other:
        one, other = other, one % other
    return one == 1


def _recordings(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(f"--recordings: expected a folder, got {folder}, which is not one; name one.")
    files = [
        path for path in sorted(folder.rglob("*")) if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file()
    ]
    if not files:
        raise UsageError(
            f"--recordings: expected files in {folder} that end in {', '.join(AUDIO_SUFFIXES)}, found none; "
            "name another folder."
        )
    return files


def _lines(file: Path) -> list[str]:
    try:
        content = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"--texts: expected a UTF-8 file of texts, got {file}: {getattr(error, 'strerror', error)}; "
            "name one."
        ) from error
    lines = [line.strip() for line in content.splitlines() if line.strip()]
    if not lines:
        raise UsageError(f"--texts: expected a text per line, {file} has none; name another file.")
    return lines


def _shown(path: Path) -> str:
    resolved = path.resolve()
    return str(resolved.relative_to(ROOT)) if resolved.is_relative_to(ROOT) else path.name
