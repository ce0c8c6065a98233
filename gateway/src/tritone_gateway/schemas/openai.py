"""Requests and responses of OpenAI's audio API, as its clients of version 3.57 send and expect them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from starlette.datastructures import UploadFile


def _uploaded(value: Any) -> Any:
    if not isinstance(value, UploadFile):
        raise ValueError("expected a file, got text; send the recording as a part with a file name")
    return value


Upload = Annotated[
    UploadFile, BeforeValidator(_uploaded), WithJsonSchema({"type": "string", "format": "binary"})
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
SpeechFormat = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
TranscriptFormat = Literal["json", "text", "srt", "vtt", "verbose_json", "diarized_json"]
Granularity = Literal["word", "segment"]


class TranslationForm(BaseModel):
    """The fields of a translation."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: Upload
    """The recording: WAV, FLAC, OGG, MP3, WebM, MP4 or M4A, AAC, AMR or WMA."""
    model: Name
    """Name of a recogniser, or one of OpenAI's."""
    prompt: str = ""
    """Names and terms that may be said; see the documentation."""
    response_format: TranscriptFormat = "json"
    """Form of the answer."""
    temperature: float = Field(0.0, ge=0, le=1)
    """Accepted; recognition does not sample."""


class TranscriptionForm(TranslationForm):
    """The fields of a transcription."""

    language: str | None = None
    """The language that is spoken, ISO 639-1."""
    languages: list[str] = []
    """The languages that may be spoken."""
    keywords: list[str] = []
    """Phrases that may be said, and are favoured."""
    stream: bool = False
    """Whether the text is sent while it is recognised, as server-sent events."""
    include: list[Literal["logprobs"]] = []
    """`logprobs`: the logarithm of each word's confidence."""
    timestamp_granularities: list[Granularity] = []
    """Of `verbose_json`: sentences, words or both; sentences by default."""
    chunking_strategy: str | None = None
    """Accepted; recordings are always cut where nobody speaks."""
    known_speaker_names: list[str] = []
    """Refused; speakers are not told apart."""


class VoiceId(BaseModel):
    """A voice as an object."""

    id: Name


class SpeechRequest(BaseModel):
    """A text to speak."""

    input: str
    """The text, at most 20,000 characters."""
    model: Name
    """One of OpenAI's names, or text_to_speech."""
    voice: Name | VoiceId
    """Name of a voice, or one of OpenAI's."""
    response_format: SpeechFormat = "mp3"
    """`pcm` is 24 kHz, 16-bit, mono, without a header."""
    speed: float = Field(1.0, ge=0.25, le=4)
    """Pace; the voices can do 0.5 to 2."""
    stream_format: Literal["audio", "sse"] = "audio"
    """`sse`: server-sent events with the audio in base64."""
    instructions: str | None = None
    """Accepted; the voices take no instructions."""
    seed: int | None = Field(None, ge=0, lt=2**63)
    """Not of OpenAI: equal seeds give equal audio."""

    @property
    def voice_name(self) -> str:
        """The name of the voice, however it was given."""
        return self.voice.id if isinstance(self.voice, VoiceId) else self.voice


class Answer(BaseModel):
    """A response, without the fields that have no value."""

    def content(self) -> dict[str, Any]:
        """Return the JSON."""
        return self.model_dump(mode="json", exclude_none=True)


class DurationUsage(Answer):
    """What was recognised."""

    type: Literal["duration"] = "duration"
    seconds: float


class LogProb(Answer):
    """A word and the logarithm of its confidence; tokens are words."""

    token: str
    bytes: list[int]
    logprob: float


class PlainTranscription(Answer):
    """The response `json`."""

    text: str
    logprobs: list[LogProb] | None = None
    usage: DurationUsage


class Segment(Answer):
    """A sentence."""

    id: int
    seek: int = 0  #: recordings are not sought through in windows
    start: float
    end: float
    text: str
    tokens: list[int] = []  #: words have no numbers
    temperature: float = 0.0  #: recognition does not sample
    avg_logprob: float  #: mean of the words' log(confidence)
    compression_ratio: float  #: of the text by zlib
    no_speech_prob: float = 0.0  #: what is no speech is not recognised, so it is in no segment


class Word(Answer):
    """A word, without punctuation."""

    word: str
    start: float
    end: float


class VerboseTranscription(Answer):
    """The response `verbose_json`."""

    task: Literal["transcribe"] = "transcribe"
    language: str
    duration: float
    text: str
    segments: list[Segment] | None = None
    words: list[Word] | None = None
    usage: DurationUsage


class TextDelta(Answer):
    """The next part of the text."""

    type: Literal["transcript.text.delta"] = "transcript.text.delta"
    delta: str
    logprobs: list[LogProb] | None = None


class TextDone(Answer):
    """The whole text."""

    type: Literal["transcript.text.done"] = "transcript.text.done"
    text: str
    logprobs: list[LogProb] | None = None
    usage: DurationUsage


class AudioDelta(Answer):
    """The next bytes of the audio file, in base64."""

    type: Literal["speech.audio.delta"] = "speech.audio.delta"
    audio: str


class SpeechUsage(Answer):
    """What was spoken. There are no tokens to count."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    characters: int
    seconds: float


class AudioDone(Answer):
    """The end of the audio file."""

    type: Literal["speech.audio.done"] = "speech.audio.done"
    usage: SpeechUsage


class Model(Answer):
    """A name for the field `model`."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0  #: unknown
    owned_by: str = "tritone"


class ModelList(Answer):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[Model]
