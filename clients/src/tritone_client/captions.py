"""Captions from timed words: grouping into cues, and the SubRip and WebVTT formats."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tritone_client.results import Transcription

# Common values of subtitling guidelines.
LINE_CHARACTERS = 42
LINES = 2
LONGEST_CUE_S = 7.0
SHORTEST_CUE_S = 1.0  # for readability: short sentences share a cue, and a single one is shown this long
LONGEST_PAUSE_S = 0.8  # of silence inside a cue
VTT_HEADER = "WEBVTT\n"

_SENTENCE_END = re.compile(r"""[.?!…]["'”\u2019)\]]*$""")


@dataclass(frozen=True)
class TimedWord:
    """A displayed word."""

    text: str  #: with punctuation
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Cue:
    """Lines that are shown together."""

    lines: tuple[str, ...]
    start_s: float
    end_s: float


def timed_words(transcription: Transcription, raw: bool = False, written: bool = False) -> list[TimedWord]:
    """Return the words to show with their times.

    Punctuation normally does not change the number of words. If it does, the recognised words are used,
    since the times belong to them.

    Args:
        transcription: with written words, for `written`.
        raw: the words as recognised instead of the punctuated ones.
        written: the words of the written text instead, such as $250.
    """
    if written and transcription.written_words:
        return [TimedWord(word.word, word.start_s, word.end_s) for word in transcription.written_words]
    shown = transcription.text.split()
    if raw or len(shown) != len(transcription.words):
        shown = [word.word for word in transcription.words]
    pairs = zip(shown, transcription.words, strict=True)
    return [TimedWord(text, word.start_s, word.end_s) for text, word in pairs]


def cues(words: Sequence[TimedWord], duration_s: float | None = None) -> list[Cue]:
    """Group words into cues, split at sentence ends, at pauses, and where a cue would be too long to read."""
    if not words:
        return []
    groups = list(_groups(words))
    audio_end_s = duration_s if duration_s is not None else float("inf")
    next_starts_s = [*(group[0].start_s for group in groups[1:]), audio_end_s]
    return [
        Cue(
            lines=tuple(_lines([word.text for word in group])),
            start_s=group[0].start_s,
            end_s=max(group[-1].end_s, min(group[0].start_s + SHORTEST_CUE_S, next_start_s)),
        )
        for group, next_start_s in zip(groups, next_starts_s, strict=True)
    ]


def ends_sentence(word: str) -> bool:
    """Return whether a word of a text, with its punctuation, is the last one of a sentence."""
    return _SENTENCE_END.search(word) is not None


def srt(transcription: Transcription, raw: bool = False, written: bool = False) -> str:
    """Format a transcription as SubRip; see `timed_words`."""
    shown = cues(timed_words(transcription, raw, written), transcription.duration_s)
    return "\n".join(srt_cue(number, cue) for number, cue in enumerate(shown, start=1))


def vtt(transcription: Transcription, raw: bool = False, written: bool = False) -> str:
    """Format a transcription as WebVTT; see `timed_words`."""
    shown = cues(timed_words(transcription, raw, written), transcription.duration_s)
    return "\n".join([VTT_HEADER, *map(vtt_cue, shown)])


def srt_cue(number: int, cue: Cue) -> str:
    """Format a cue as SubRip; an empty line comes between two of them."""
    return _block(f"{number}\n{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}", cue.lines)


def vtt_cue(cue: Cue) -> str:
    """Format a cue as WebVTT; an empty line comes before it."""
    lines = (html.escape(line, quote=False) for line in cue.lines)
    return _block(f"{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}", lines)


def _block(head: str, lines: Iterable[str]) -> str:
    return "\n".join([head, *lines]) + "\n"


def _groups(words: Sequence[TimedWord]) -> Iterator[list[TimedWord]]:
    group: list[TimedWord] = []
    for word in words:
        if group and not _belongs(word, group):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _belongs(word: TimedWord, group: Sequence[TimedWord]) -> bool:
    sentence_ends = ends_sentence(group[-1].text)
    return (
        not (sentence_ends and word.start_s - group[0].start_s >= SHORTEST_CUE_S)
        and word.start_s - group[-1].end_s <= LONGEST_PAUSE_S
        and word.end_s - group[0].start_s <= LONGEST_CUE_S
        and len(_lines([*(member.text for member in group), word.text])) <= LINES
    )


def _lines(words: Sequence[str]) -> list[str]:
    """Break words into lines; two lines are balanced, which reads better than a full and a short one."""
    lines = _filled(words)
    if len(lines) != 2:
        return lines
    splits = ((" ".join(words[:count]), " ".join(words[count:])) for count in range(1, len(words)))
    return list(min(splits, key=lambda split: max(map(len, split))))


def _filled(words: Sequence[str]) -> list[str]:
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= LINE_CHARACTERS:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _clock(seconds: float, decimal_mark: str) -> str:
    total_ms = round(seconds * 1000)  # before splitting, so that 59.9996 s becomes 1 min
    minutes, milliseconds = divmod(total_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{decimal_mark}{milliseconds % 1000:03}"
