"""Recordings for calibration and verification, from a folder or a NeMo-style manifest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from export.errors import CalibrationError

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
LONGEST_S = 30.0  # calibration and comparison gain nothing from longer clips, and memory grows with them


@dataclass(frozen=True)
class Recording:
    """One clip."""

    samples: np.ndarray  #: (N,) float32 mono at the model's rate
    text: str | None  #: reference transcript, where the manifest has one


def load_recordings(source: Path, sample_rate_hz: int, most: int = 64) -> list[Recording]:
    """Read clips, converted to mono at `sample_rate_hz`.

    Args:
        source: a manifest (JSON lines with audio_filepath, relative to the manifest, and perhaps text), a
            folder with `manifest.jsonl`, or a folder of audio files.
        sample_rate_hz: the model's rate.
        most: maximum number of clips, taken evenly from the whole list.

    Raises:
        CalibrationError: there are none, or a file cannot be read.
    """
    entries = _entries(source)
    if not entries:
        raise CalibrationError(
            f"calibration: expected recordings in {source}, found none; "
            "give --calibration FOLDER_OR_MANIFEST, or --no-int8."
        )
    step = max(1.0, len(entries) / most)
    chosen = [entries[int(index * step)] for index in range(min(most, len(entries)))]
    return [Recording(_read(path, sample_rate_hz), text) for path, text in chosen]


def _entries(source: Path) -> list[tuple[Path, str | None]]:
    if source.is_dir() and (source / "manifest.jsonl").is_file():
        source = source / "manifest.jsonl"
    if source.is_dir():
        return [(path, None) for path in sorted(source.rglob("*")) if path.suffix.lower() in AUDIO_SUFFIXES]
    if not source.is_file():
        return []
    entries: list[tuple[Path, str | None]] = []
    for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            entries.append((source.parent / fields["audio_filepath"], fields.get("text")))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise CalibrationError(
                f"calibration: line {number} of {source.name} is not a JSON object with audio_filepath."
            ) from error
    return entries


def _read(path: Path, sample_rate_hz: int) -> np.ndarray:
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise CalibrationError(f"calibration: {path.name} cannot be read as audio ({error}).") from error
    mono = samples.mean(axis=1)
    if rate != sample_rate_hz:
        mono = soxr.resample(mono, rate, sample_rate_hz)
    return np.ascontiguousarray(mono[: int(LONGEST_S * sample_rate_hz)], dtype=np.float32)
