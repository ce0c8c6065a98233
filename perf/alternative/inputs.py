"""Inputs for both servers: recordings and texts of mixed lengths."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile

from export.recognition.recordings import AUDIO_SUFFIXES
from perf.instruments.clips import Clip, cut_mixed
from perf.instruments.errors import UsageError
from perf.instruments.paths import RECORDINGS
from perf.instruments.texts import split_sentences
from tritone.audio.decoding import decode_audio
from tritone.contract import SAMPLE_RATE_HZ

LONGEST_CLIP_S = 28.0  # longer ones tritone recognises in windows, NeMo as a whole
ENOUGH_S = 600.0  # of speech to cut clips from; no more is read
LONGEST_RECORDING_S = 3600
LONGEST_SENTENCE = 72  # characters; the bundled voice splits longer ones, NeMo does not
LONGEST_TEXT = 3  # sentences


def recordings_of(path: Path = RECORDINGS) -> list[Path]:
    """Return the recordings of a folder by name, or a single recording.

    Raises:
        UsageError: there is no such file or folder.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UsageError(f"recordings: expected a folder or a file, got {path}, which is neither; name one.")
    return sorted(file for file in path.iterdir() if file.suffix.lower() in AUDIO_SUFFIXES)


def wav_files(recordings: Sequence[Path], count: int, seed: int = 0) -> list[bytes]:
    """Cut `count` WAV files of mixed lengths from recordings, more short ones than long ones.

    Raises:
        UsageError: there is no recording, or too little speech in all of them.
    """
    whole = np.concatenate([np.zeros(0, np.float32), *_enough(recordings)])
    shortest = LONGEST_CLIP_S * SAMPLE_RATE_HZ
    if whole.size <= shortest:
        raise UsageError(
            f"recordings: expected more than {LONGEST_CLIP_S:g} s of speech in all, got "
            f"{whole.size / SAMPLE_RATE_HZ:.1f} s in {len(recordings)} files; give more of them."
        )
    clips = cut_mixed(whole, seed, longest_s=LONGEST_CLIP_S)
    return [_wav(next(clips)) for _ in range(count)]


def texts_of(texts: Sequence[str], count: int, seed: int = 0) -> list[str]:
    """Make `count` texts of one to three sentences, from those sentences that are short enough.

    Raises:
        UsageError: there is none.
    """
    sentences = [sentence for text in texts for sentence in _sentences(text)]
    if not sentences:
        raise UsageError(
            f"texts: expected sentences of up to {LONGEST_SENTENCE} characters, found none in "
            f"{len(texts)} texts; give others."
        )
    generator = np.random.default_rng(seed)
    made = []
    for index in range(count):
        chosen = generator.integers(len(sentences), size=1 + index % LONGEST_TEXT)
        made.append(" ".join(sentences[number] for number in chosen))
    return made


def _sentences(text: str) -> Iterator[str]:
    for sentence in split_sentences(text):
        # It must end in a mark: only one of the servers would add it.
        if sentence and len(sentence) <= LONGEST_SENTENCE and sentence[-1] in ".?!":
            yield sentence


def _enough(recordings: Sequence[Path]) -> Iterator[Clip]:
    samples = 0
    for path in recordings:
        if samples < ENOUGH_S * SAMPLE_RATE_HZ:
            clip = decode_audio(path.read_bytes(), LONGEST_RECORDING_S)
            samples += clip.size
            yield clip


def _wav(clip: Clip) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, clip, SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
    return file.getvalue()
