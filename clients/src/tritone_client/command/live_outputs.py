"""Formats and destinations of `tritone listen`: what is final, as it comes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tritone_client.captions import VTT_HEADER, cues, srt_cue, timed_words, vtt_cue
from tritone_client.command.outputs import DECIMALS, check_text_file, json_transcription
from tritone_client.streaming.events import Final, Interim, SpeechStarted, TranscriptionEvent


@dataclass
class LiveOutput:
    """Writes finals to standard output or a file, each at once; an existing file is kept until the first."""

    format: str  #: text, json, srt or vtt
    raw: bool  #: the words as recognised, for all formats but json
    written: bool  #: figures instead of number words; in JSON, beside the others
    events: bool  #: whether JSON also has a line for each other event
    where: Path | None  #: None: standard output
    started: bool = False
    cue_count: int = 0

    def write(self, event: TranscriptionEvent) -> None:
        """Write an event, if the format has a place for it; may raise OSError."""
        if text := self._rendered(event):
            self._append(text)

    def close(self) -> None:
        """Write what a stream without speech must have, too."""
        if not self.started and (self.where is not None or self.format == "vtt"):
            self._append(VTT_HEADER + "\n" if self.format == "vtt" else "")

    def _rendered(self, event: TranscriptionEvent) -> str:
        if self.format == "json":
            shown = _json_event(event)
            wanted = self.events or isinstance(event, Final)
            return json.dumps(shown, ensure_ascii=False) + "\n" if wanted else ""
        if not isinstance(event, Final):
            return ""
        if self.format == "text":
            return (event.transcription.transcript if self.raw else event.text) + "\n"
        return self._captions(event)

    def _captions(self, final: Final) -> str:
        words = timed_words(final.transcription, self.raw, self.written)
        blocks = [VTT_HEADER] if self.format == "vtt" and not self.started else []
        for cue in cues(words, final.end_s):
            self.cue_count += 1
            blocks.append(srt_cue(self.cue_count, cue) if self.format == "srt" else vtt_cue(cue))
        return "".join(f"{block}\n" for block in blocks)

    def _append(self, text: str) -> None:
        if self.where is None:
            click.echo(text, nl=False)
        else:
            with self.where.open("a" if self.started else "w", encoding="utf-8") as file:
                file.write(text)
        self.started = True


def open_live_output(where: str | None, format: str, raw: bool, written: bool, events: bool) -> LiveOutput:
    """Return the destination, without writing to it.

    Raises:
        click.UsageError: a file cannot be written there.
    """
    path = None if where in (None, "-") else check_text_file(str(where))
    return LiveOutput(format, raw, written, events, path)


def _json_event(event: TranscriptionEvent) -> dict[str, Any]:
    match event:
        case Final(transcription, start_s, end_s):
            times = {"start_s": round(start_s, DECIMALS), "end_s": round(end_s, DECIMALS)}
            return {"event": "final", **times, **json_transcription(transcription)}
        case Interim(transcript, stable_characters, processed_s):
            return {
                "event": "interim",
                "transcript": transcript,
                "stable_characters": stable_characters,
                "audio_processed_s": round(processed_s, DECIMALS),
            }
        case SpeechStarted(processed_s):
            return {"event": "speech_started", "audio_processed_s": round(processed_s, DECIMALS)}
