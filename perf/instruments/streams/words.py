"""When a word of a live stream is shown: the time from its end in the audio to its first appearance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from tritone_client import Final, Interim, SpeechStarted


@dataclass(frozen=True)
class Seen:
    """An event and when it arrived."""

    at_s: float  # seconds from the moment at which the first sample was spoken
    event: SpeechStarted | Interim | Final


@dataclass(frozen=True)
class Latencies:
    """Of the words of finals, in seconds; negative if a word was shown before its end."""

    shown_s: tuple[float, ...]  # from the end of the word to the first interim with it
    final_s: tuple[float, ...]  # from the end of a segment's last word to its final
    never: int  # words that no interim showed: recognised differently, or first in the final

    @property
    def words(self) -> int:
        """How many words the finals have."""
        return len(self.shown_s) + self.never


def latencies(seen: Sequence[Seen]) -> Latencies:
    """Return the latencies of one stream's words."""
    shown: list[float] = []
    final: list[float] = []
    never = 0
    interims: list[Seen] = []
    for item in seen:
        if isinstance(item.event, Interim):
            interims.append(item)
        elif isinstance(item.event, Final):
            words = item.event.transcription.words
            first = _first_shown([word.word for word in words], interims)
            shown += [at_s - word.end_s for at_s, word in zip(first, words, strict=True) if at_s is not None]
            never += first.count(None)
            if words:
                final.append(item.at_s - words[-1].end_s)
            interims = []
    return Latencies(tuple(shown), tuple(final), never)


def joined(several: Sequence[Latencies]) -> Latencies:
    """Return the latencies of several streams together."""
    return Latencies(
        tuple(value for one in several for value in one.shown_s),
        tuple(value for one in several for value in one.final_s),
        sum(one.never for one in several),
    )


def _first_shown(words: Sequence[str], interims: Sequence[Seen]) -> list[float | None]:
    """Return when each word first stood in an interim at its place, by alignment of both texts."""
    first: list[float | None] = [None] * len(words)
    for item in interims:
        if isinstance(item.event, Interim):
            matcher = SequenceMatcher(None, words, item.event.transcript.split(), autojunk=False)
            for start, _, count in matcher.get_matching_blocks():
                for index in range(start, start + count):
                    if first[index] is None:
                        first[index] = item.at_s
    return first
