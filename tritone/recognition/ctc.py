"""Greedy CTC decoding (Graves et al. 2006) with word times and confidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..sidecar import read_sidecar

_ROUNDING = 0.01  # tolerated surplus of frames, since windows end with a whole frame


@dataclass(frozen=True)
class Words:
    """The words of one recording; all arrays have one entry per word."""

    word: tuple[str, ...]
    start_s: NDArray[np.float32]  # seconds from the start of the recording
    end_s: NDArray[np.float32]  # seconds from the start of the recording
    confidence: NDArray[np.float32]  # in [0, 1]: mean probability of the word's frames

    @property
    def transcript(self) -> str:
        """The words, separated by single spaces."""
        return " ".join(self.word)


class CtcDecoder:
    """Best label per frame, repeats merged, blanks dropped, split into words at spaces.

    Args:
        labels: text of each output index, without the blank.
        blank_index: output index of the blank.
        frame_s: seconds per frame.
        pause_s: silence that ends a word even without a space, in seconds; models do not always output a
            space when a speaker pauses.
    """

    def __init__(
        self, labels: list[str], blank_index: int, frame_s: float, pause_s: float = float("inf")
    ) -> None:
        spelled = list(labels)
        spelled.insert(blank_index, "")
        self._labels = np.array(spelled, dtype=object)
        self._is_space = np.array([label == " " for label in spelled])
        self._blank = blank_index
        self._frame_s = frame_s
        self._pause_s = pause_s

    @classmethod
    def load(cls, path: Path, pause_s: float = float("inf")) -> CtcDecoder:
        """Read `ctc.json` as the exporter wrote it."""
        labels, blank_index, frame_s = read_sidecar(path, "labels", "blank_index", "frame_s")
        return cls(labels, blank_index, frame_s, pause_s)

    def valid_frames(self, row: NDArray[np.float32], frames: int, max_audio_s: float) -> NDArray[np.float32]:
        """Cut one row of `log_probs` to its `log_probs_length`.

        Args:
            row: (T, V) float32, padded after `frames`.
            frames: valid frames.
            max_audio_s: longest recording accepted, seconds.

        Raises:
            InputError: `frames` is out of range, or more than the longest recording has.
        """
        longest = round(max_audio_s / self._frame_s * (1 + _ROUNDING))
        if not 0 <= frames <= len(row):
            raise InputError(
                f"log_probs_length: expected 0 to {len(row)} (the frames sent in log_probs), got {frames}; "
                "send the number of valid frames."
            )
        if frames > longest:
            raise InputError(
                f"log_probs: expected at most {longest} frames, those of {max_audio_s:g} s, got {frames}; "
                "send the recording in parts."
            )
        return row[:frames]

    @property
    def vocabulary_size(self) -> int:
        """Number of columns of log-probabilities, including the blank."""
        return len(self._labels)

    def decode(self, log_probs: NDArray[np.float32], duration_s: float) -> Words:
        """Decode one recording.

        Args:
            log_probs: (T, V) float32, valid frames only.
            duration_s: length of the recording; word times are clipped to it.

        Returns:
            The words; none for silence.

        Raises:
            InputError: V is not the vocabulary size.
        """
        if log_probs.ndim != 2 or log_probs.shape[1] != self.vocabulary_size:
            raise InputError(
                f"log_probs: expected {self.vocabulary_size} labels per frame, got shape {log_probs.shape}; "
                "export acoustic model and decoder from the same checkpoint."
            )
        best = log_probs.argmax(axis=1)
        spelling = best != self._blank  # frames of a letter or a space
        letter = spelling & ~self._is_space[best]
        new = spelling & np.concatenate(([True], best[1:] != best[:-1]))[: len(best)]

        # A word is a run of letters without a space or long pause; a frame's word index is the number of
        # boundaries up to it.
        letter_frames = np.flatnonzero(letter)
        boundary = new & ~letter
        long_gap = np.diff(letter_frames) * self._frame_s > self._pause_s
        boundary[letter_frames[1:][long_gap]] = True
        word_of_frame = np.cumsum(boundary)
        if letter_frames.size == 0:
            empty = np.zeros(0, np.float32)
            return Words((), empty, empty, empty)
        words, first = np.unique(word_of_frame[letter_frames], return_index=True)
        last = np.append(first[1:], letter_frames.size) - 1
        sums = np.add.reduceat(np.exp(log_probs[letter_frames, best[letter_frames]]), first)
        confidence = np.clip(sums / (last - first + 1), 0.0, 1.0)

        kept = np.flatnonzero(new & letter)
        owner = np.searchsorted(words, word_of_frame[kept])
        spelled: list[list[str]] = [[] for _ in words]
        for index, label in zip(owner, self._labels[best[kept]], strict=True):
            spelled[index].append(label)
        start_s = np.minimum(letter_frames[first] * self._frame_s, duration_s)
        end_s = np.minimum((letter_frames[last] + 1) * self._frame_s, duration_s)
        return Words(
            tuple("".join(letters) for letters in spelled),
            start_s.astype(np.float32),
            end_s.astype(np.float32),
            confidence.astype(np.float32),
        )
