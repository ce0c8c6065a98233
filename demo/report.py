"""The demo's output."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tritone_client import Transcription, Word

WIDEST = 100  # columns; longer lines are hard to read
LABEL = 12  # columns before the text


@dataclass(frozen=True)
class DemoReport:
    """Prints results as blocks of labelled, wrapped text."""

    stream: IO[str]
    width: int  #: columns
    bold: bool  #: whether the stream shows bold text

    @classmethod
    def for_stdout(cls) -> DemoReport:
        """Return a report for standard output, as wide as the terminal up to a limit."""
        width = min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)
        return cls(sys.stdout, width, bold=sys.stdout.isatty())

    def line(self, text: str = "") -> None:
        """Print a line unchanged."""
        print(text, file=self.stream, flush=True)

    def recording(self, file: Path, result: Transcription, seconds: float, reference: str | None) -> None:
        """Print the transcription of a recording and how long it took."""
        length = f"{result.duration_s:.2f} s of audio" if result.duration_s is not None else "audio"
        self._title(file.name, f"{length} in {seconds * 1000:.0f} ms")
        self.recognised(result)
        if reference is not None:
            self._labelled("reference", reference)
        self._lines("word times", _filled(map(_timed_word, result.words), self.width - LABEL))

    def synthesised(self, name: str, text: str, file: Path, speech_s: float, seconds: float) -> None:
        """Print a synthesised text, the duration of its speech and how long synthesis took."""
        factor = f", real-time factor {seconds / speech_s:.2f}" if speech_s else ""
        self._title(name, f"{speech_s:.2f} s of speech in {seconds:.2f} s{factor}")
        self._labelled("text", text)
        self._labelled("file", str(file))

    def recognised(self, result: Transcription) -> None:
        """Print a transcription without its word times."""
        self._labelled("recognised", result.transcript)
        self._labelled("punctuated", result.text)

    def live(self, name: str, remark: str) -> None:
        """Print the title of a stream."""
        self._title(name, remark)

    def interim(self, elapsed_s: float, text: str) -> None:
        """Show on a terminal what is recognised so far, in place of what was shown before."""
        if self.bold and text:
            room = self.width - LABEL
            shown = text if len(text) <= room else f"…{text[len(text) - room + 1 :]}"
            print(f"\r\033[K{f'{elapsed_s:.1f} s':<{LABEL}}{shown}", end="", file=self.stream, flush=True)

    def final(self, elapsed_s: float, text: str) -> None:
        """Print a finished segment and when it was there, after the start of the recording."""
        if self.bold:
            print("\r\033[K", end="", file=self.stream)
        self._labelled(f"{elapsed_s:.1f} s", text)

    def failure(self, name: str, error: Exception) -> None:
        """Print why recognition or synthesis failed."""
        self._title(name, "failed")
        self._labelled("error", str(error))

    def summary(self, recordings: int, audio_s: float, seconds: float) -> None:
        """Print the totals."""
        self.line()
        if seconds:
            count = "1 recording" if recordings == 1 else f"{recordings} recordings"
            self.line(
                f"{count}, {audio_s:.1f} s of audio in {seconds:.1f} s, one after another: "
                f"{audio_s / seconds:.0f} times as fast as speech."
            )

    def _title(self, name: str, remark: str) -> None:
        self.line(f"\n\033[1m{name}\033[0m  {remark}" if self.bold else f"\n{name}  {remark}")

    def _labelled(self, label: str, text: str) -> None:
        self._lines(label, textwrap.wrap(text, self.width - LABEL) or ["(nothing)"])

    def _lines(self, label: str, lines: Iterable[str]) -> None:
        for number, line in enumerate(lines):
            self.line(f"{label if number == 0 else '':<{LABEL}}{line}")


def _timed_word(word: Word) -> str:
    return f"{word.word} {word.start_s:.2f}-{word.end_s:.2f}"


def _filled(items: Iterable[str], width: int) -> list[str]:
    """Wrap items into lines without breaking one."""
    text = "   ".join(item.replace(" ", "\N{NO-BREAK SPACE}") for item in items)
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines] or ["(none)"]
