"""Audio files on the caller's side: which files of a folder are audio, and how long a recording is."""

from __future__ import annotations

import io
from collections.abc import Collection
from pathlib import Path

import soundfile

AUDIO_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3"})


def audio_files(folder: Path, recursive: bool = False) -> list[Path]:
    """List a folder's audio files in the order of their paths, without hidden ones."""
    return files_in(folder, AUDIO_SUFFIXES, recursive)


def files_in(folder: Path, suffixes: Collection[str], recursive: bool) -> list[Path]:
    """List a folder's files with one of the suffixes in the order of their paths, without hidden ones."""
    return sorted(
        path
        for path in folder.glob("**/*" if recursive else "*")
        if path.suffix.lower() in suffixes
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )


def duration_s(content: bytes) -> float | None:
    """Return the seconds of audio in a file's bytes, None when its header cannot be read here."""
    try:
        return float(soundfile.info(io.BytesIO(content)).duration)
    except soundfile.SoundFileError:
        return None
