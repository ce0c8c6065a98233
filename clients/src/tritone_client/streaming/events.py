"""What streaming recognition reports, in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass

from tritone_client.results import Transcription


@dataclass(frozen=True)
class SpeechStarted:
    """Somebody began to speak."""

    audio_processed_s: float  #: seconds of the stream that had been recognised when this was noticed


@dataclass(frozen=True)
class Interim:
    """What has been recognised of the segment that is being spoken. The next event may change it."""

    transcript: str  #: as recognised: lower case, no punctuation; empty: earlier words were withdrawn
    stable_characters: int  #: how many characters at its start will hardly change any more
    audio_processed_s: float  #: seconds of the stream that this covers

    @property
    def stable(self) -> str:
        """The beginning of the transcript that will hardly change any more."""
        return self.transcript[: self.stable_characters]

    @property
    def unstable(self) -> str:
        """The rest of the transcript."""
        return self.transcript[self.stable_characters :]


@dataclass(frozen=True)
class Final:
    """A finished segment, from one pause to the next. It does not change any more."""

    #: of this segment alone; the times of its words count from the start of the stream, and its duration is
    #: that of the segment
    transcription: Transcription
    start_s: float  #: of the segment, seconds from the start of the stream
    end_s: float  #: of the segment, seconds from the start of the stream
    audio_processed_s: float  #: seconds of the stream that had been recognised

    @property
    def text(self) -> str:
        """The words, punctuated and capitalised; with figures if those were asked for."""
        written = self.transcription.written_text
        return self.transcription.text if written is None else written


TranscriptionEvent = SpeechStarted | Interim | Final
