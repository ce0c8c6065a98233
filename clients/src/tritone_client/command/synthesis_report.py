"""Output of `tritone synthesize`: writes the files and prints their length and the time taken."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import click

from tritone_client.command.audio_outputs import AudioOutput
from tritone_client.command.texts import Text
from tritone_client.recordings import duration_s


@dataclass(frozen=True)
class SynthesizedFile:
    """The result for one text."""

    content: bytes  #: of the audio file
    seconds: float  #: response time


@dataclass
class SynthesisReport:
    """Writes results to their destination, and prints a line for each file.

    The real-time factor is processing time per duration of speech; below 1 is faster than real time.
    """

    output: AudioOutput
    files: int = 0
    speech_s: float = 0.0
    started_s: float = field(default_factory=time.perf_counter)

    def write(self, text: Text, spoken: SynthesizedFile) -> None:
        """Write one result; may raise OSError."""
        name = self.output.write(text, spoken.content)
        if name is None:
            return
        length_s = None if self.output.format == "pcm" else duration_s(spoken.content)
        self.files += 1
        self.speech_s += length_s or 0.0
        if length_s is None:  # without a header the rate is unknown
            click.echo(f"{name}  {len(spoken.content)} bytes in {spoken.seconds:.2f} s")
        else:
            click.echo(f"{name}  {_pace(length_s, spoken.seconds)}")

    def close(self) -> None:
        """Print the totals of several files."""
        if self.files > 1 and self.speech_s:
            click.echo(f"{self.files} files  {_pace(self.speech_s, time.perf_counter() - self.started_s)}")


def _pace(speech_s: float, seconds: float) -> str:
    if not speech_s:
        return f"{speech_s:.2f} s of speech in {seconds:.2f} s"
    return f"{speech_s:.2f} s of speech in {seconds:.2f} s, real-time factor {seconds / speech_s:.2f}"
