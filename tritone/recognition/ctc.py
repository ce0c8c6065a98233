"""Greedy CTC decoding (Graves et al. 2006) of letters or pieces, with word times and confidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..sidecar import read_sidecar
from .frames import Frames
from .labels import Labels

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

    @property
    def times(self) -> NDArray[np.float32]:
        """Start, end and confidence as columns: (words, 3)."""
        return np.stack([self.start_s, self.end_s, self.confidence], axis=1)


class CtcDecoder:
    """Best label per frame, repeats merged, blanks dropped, words put together.

    Args:
        labels: what each output stands for.
        frame_s: seconds per frame.
        pause_s: silence that ends a word even where a model that spells in letters wrote no space, in
            seconds; speakers who stop and start again are not trained for, and their words would grow
            together. Pieces say themselves where a word starts.
        end_pad_s: how long a word goes on after its last label, in seconds, if the next one lets it: pieces
            are emitted in one frame each, somewhere in their sound.
    """

    def __init__(
        self, labels: Labels, frame_s: float, pause_s: float = float("inf"), end_pad_s: float = 0.0
    ) -> None:
        self.labels = labels
        self._frame_s = frame_s
        self._pause_s = float("inf") if labels.are_pieces else pause_s
        self._end_pad_s = end_pad_s

    @classmethod
    def load(cls, path: Path, pause_s: float = float("inf")) -> CtcDecoder:
        """Read `ctc.json` as the exporter wrote it."""
        frame_s, end_pad_s = read_sidecar(path, "frame_s", "end_pad_s")
        return cls(Labels.load(path), frame_s, pause_s, end_pad_s)

    @property
    def pause_frames(self) -> float:
        """Frames without speech that end a word even without a space; infinite for pieces."""
        return self._pause_s / self._frame_s if self._frame_s else float("inf")

    def frames(
        self, log_probs: NDArray[np.float32], labels: NDArray[np.int32], length: int, max_audio_s: float
    ) -> Frames:
        """Check one row of what a recogniser gives.

        Args:
            log_probs: (T, K) float32, padded after `length`.
            labels: (T, K) or (1, K), what the columns are.
            length: valid frames.
            max_audio_s: longest recording that they may come from, seconds.

        Raises:
            InputError: the tensors do not fit each other or this decoder, or frames of a longer recording.
        """
        frames = Frames.received(log_probs, labels, length, self.labels.size)
        longest = round(max_audio_s / self._frame_s * (1 + _ROUNDING))
        if len(frames) > longest:
            raise InputError(
                f"log_probs: expected at most {longest} frames, those of {max_audio_s:g} s, got "
                f"{len(frames)}; send the recording in parts."
            )
        return frames

    def decode(self, frames: Frames, duration_s: float) -> Words:
        """Decode one recording.

        Args:
            frames: of the whole recording.
            duration_s: length of the recording; word times end there at the latest.

        Returns:
            The words; none for silence.
        """
        best, log_probs = frames.best()
        spoken = best != self.labels.blank
        new = spoken & np.concatenate(([True], best[1:] != best[:-1]))[: len(best)]
        content = np.flatnonzero(spoken & self.labels.has_content[best])  # frames
        return self.words(best, log_probs, new, self._boundaries(best, new, content), duration_s)

    def words(
        self,
        path: NDArray[Any],
        log_probs: NDArray[np.float32],
        new: NDArray[np.bool_],
        boundary: NDArray[np.bool_],
        duration_s: float,
    ) -> Words:
        """Put the words of a path together.

        Args:
            path: (T,) label of each frame.
            log_probs: (T,) of these labels.
            new: (T,) whether a label begins in a frame.
            boundary: (T,) whether a word begins in a frame.
            duration_s: length of the recording, seconds.
        """
        labels = self.labels
        content = np.flatnonzero((path != labels.blank) & labels.has_content[path])
        if content.size == 0:
            empty = np.zeros(0, np.float32)
            return Words((), empty, empty, empty)
        word_of_frame = np.cumsum(boundary)
        words, first = np.unique(word_of_frame[content], return_index=True)
        last = np.append(first[1:], content.size) - 1
        sums = np.add.reduceat(np.exp(log_probs[content]), first)
        confidence = np.clip(sums / (last - first + 1), 0.0, 1.0)

        kept = content[new[content]]
        later = np.searchsorted(word_of_frame[kept], words[1:])
        spelled = [labels.join(run.tolist()) for run in np.split(path[kept], later)]
        start_s = content[first] * self._frame_s
        end_s = (content[last] + 1) * self._frame_s + self._end_pad_s
        end_s[:-1] = np.minimum(end_s[:-1], np.maximum(start_s[1:], end_s[:-1] - self._end_pad_s))
        return Words(
            tuple(spelled),
            np.minimum(start_s, duration_s).astype(np.float32),
            np.minimum(end_s, duration_s).astype(np.float32),
            confidence.astype(np.float32),
        )

    def _boundaries(
        self, best: NDArray[Any], new: NDArray[np.bool_], content: NDArray[np.intp]
    ) -> NDArray[np.bool_]:
        """Return which frames begin a word: (T,) bool."""
        boundary: NDArray[np.bool_] = new & self.labels.starts_word[best]
        long_gap = np.diff(content) * self._frame_s > self._pause_s
        boundary[content[1:][long_gap]] = True
        for index in np.flatnonzero((new & self.labels.joins_previous[best])[content])[::-1]:
            if index:  # a mark before any word stands alone
                boundary[content[index - 1] + 1 : content[index] + 1] = False
        return boundary
