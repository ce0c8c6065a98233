"""Audio shards: one 16 kHz int16 WAV file with many utterances, addressed by offset and duration.

A manifest row is NeMo's: `audio_filepath` (relative to the manifest), `offset` and `duration` in seconds,
`text`; `voice` and `source` are added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from training.voices import SAMPLE_RATE_HZ, Samples

DOUBTFUL = "doubtful.tsv"  # beside the splits: source, shard and offset of clips to leave out


@dataclass(frozen=True)
class Clip:
    """One manifest row."""

    audio_path: Path  # 16 kHz mono WAV or FLAC
    offset_s: float  # start inside the file
    duration_s: float  # length
    text: str  # in the characters of the acoustic model
    voice: str  # synthetic voice or speaker
    source: str  # corpus the utterance is of

    def samples(self) -> Samples:
        """Return (N,) int16; a view of the mapped file for WAV shards."""
        start = round(self.offset_s * SAMPLE_RATE_HZ)
        stop = start + round(self.duration_s * SAMPLE_RATE_HZ)
        if self.audio_path.suffix == ".wav":
            return _mapped(self.audio_path)[start:stop]
        samples: Samples = soundfile.read(self.audio_path, start=start, stop=stop, dtype="int16")[0]
        return samples


@lru_cache(maxsize=512)
def _mapped(path: Path) -> Samples:
    with path.open("rb") as file:
        header = file.read(128)
    return np.memmap(path, dtype=np.int16, mode="r", offset=header.index(b"data") + 8)


def write_shard(path: Path, items: Iterable[tuple[Samples, str]], voice: str, source: str) -> None:
    """Write utterances of one voice into `path` (WAV) and their rows beside it (`.jsonl`).

    Args:
        path: the WAV file to write.
        items: (N,) int16 audio at 16 kHz and its text.
        voice: the voice of all of them.
        source: the corpus of all of them.
    """
    write_clips(path, ((audio, text, voice) for audio, text in items), source)


def write_clips(path: Path, items: Iterable[tuple[Samples, str, str]], source: str) -> None:
    """Write utterances of several voices into `path` (WAV) and their rows beside it (`.jsonl`).

    Args:
        path: the WAV file to write.
        items: (N,) int16 audio at 16 kHz, its text and its voice.
        source: the corpus of all of them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    position = 0
    rows = []
    partial = path.with_suffix(".part.wav")
    with soundfile.SoundFile(partial, "w", SAMPLE_RATE_HZ, 1, subtype="PCM_16") as shard:
        for audio, text, voice in items:
            shard.write(audio)
            rows.append(
                {
                    "audio_filepath": path.name,
                    "offset": position / SAMPLE_RATE_HZ,
                    "duration": len(audio) / SAMPLE_RATE_HZ,
                    "text": text,
                    "voice": voice,
                    "source": source,
                }
            )
            position += len(audio)
    partial.rename(path)
    path.with_suffix(".jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def read_manifest(path: Path) -> list[Clip]:
    """Read one manifest of NeMo's form."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line)
    return [
        Clip(
            path.parent / row["audio_filepath"],
            row.get("offset", 0.0),
            row["duration"],
            row["text"],
            row.get("voice") or row.get("speaker", ""),
            row.get("source", ""),
        )
        for row in rows
    ]


def read_split(folder: Path, split: str) -> list[Clip]:
    """Read all the shards of a split.

    Raises:
        FileNotFoundError: there are none.
    """
    manifests = sorted((folder / split).glob("*.jsonl"))
    if not manifests:
        raise FileNotFoundError(
            f"{folder / split}: expected shards of the {split} split; run training.prepare first."
        )
    return [utterance for manifest in manifests for utterance in read_manifest(manifest)]


def write_doubtful(folder: Path, source: str, utterances: Sequence[Clip]) -> None:
    """List clips of a source that training leaves out, replacing the source's earlier list."""
    path = folder / DOUBTFUL
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if line.split("\t")[0] != source]
    rows = [f"{source}\t{u.audio_path.name}\t{u.offset_s!r}" for u in utterances]
    path.write_text("".join(f"{line}\n" for line in kept + rows), encoding="utf-8")


def without_doubtful(folder: Path, utterances: Sequence[Clip]) -> list[Clip]:
    """Leave out the clips that `write_doubtful` listed."""
    path = folder / DOUBTFUL
    listed = set(path.read_text(encoding="utf-8").splitlines()) if path.exists() else set()
    return [u for u in utterances if f"{u.source}\t{u.audio_path.name}\t{u.offset_s!r}" not in listed]


def repeated(
    utterances: Sequence[Clip], repeats: Mapping[str, float], random: np.random.Generator
) -> list[int]:
    """Decide how often an epoch has each utterance: 1.5 is once or twice, with equal probability.

    Args:
        utterances: the whole training data.
        repeats: times per epoch of a voice or, if the voice is not listed, of a source; once if neither is.
        random: decides the fractions.
    """
    wanted = np.array([repeats.get(u.voice, repeats.get(u.source, 1)) for u in utterances], np.float64)
    counts: list[int] = np.floor(wanted + random.random(len(wanted))).astype(int).tolist()
    return counts


def as_float(samples: Samples) -> NDArray[np.float32]:
    """Turn int16 samples into float32 in [-1, 1]."""
    return samples.astype(np.float32) / 32768


def pad(clips: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Stack clips of different lengths, with zeros after the shorter ones.

    Returns:
        audio (B, N) float32 and audio_length (B,) int64.
    """
    length = np.array([len(clip) for clip in clips], np.int64)
    audio = np.zeros((len(clips), length.max(initial=0)), np.float32)
    for row, clip in zip(audio, clips, strict=True):
        row[: len(clip)] = clip
    return audio, length
