"""The query parameters of a live transcription: which there are, their rules, what they mean here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tritone_client.recognition import LARGEST_WEIGHT

from tritone_gateway.errors import BadRequestError

RAW_ENCODINGS = ("linear16", "linear32", "mulaw", "alaw", "opus")  # bare samples or packets
CONTAINERS = ("ogg-opus", "flac")  # name their own rate, like WebM and others, for which there is no encoding
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4000, 192_000
MOST_CHANNELS = 8
SHORTEST_ENDPOINTING_MS, LONGEST_ENDPOINTING_MS = 100, 10_000
SHORTEST_UTTERANCE_END_MS, LONGEST_UTTERANCE_END_MS = 1000, 60_000
BOOST = 5.0  # weight of a phrase without one
MOST_PHRASES, LONGEST_PHRASE = 100, 200
LONGEST_NAME = 100

_TAKEN = (
    *("encoding", "sample_rate", "channels", "model", "language", "interim_results", "punctuate"),
    *("smart_format", "numerals", "keywords", "keyterm", "endpointing", "utterance_end_ms", "vad_events"),
)
_OFF = (
    "detect_entities",
    "diarize",
    "dictation",
    "multichannel",
    "profanity_filter",
)  # false is the only value
_IGNORED = ("extra", "mip_opt_out", "tag", "version")  # no result depends on them
_NOT_OFFERED = (
    *("callback", "callback_method", "diarize_model", "language_hint", "redact", "replace", "search"),
)
_CREDENTIALS = ("token", "access_token", "api_key")  # read where callers are identified


@dataclass(frozen=True)
class ListenParameters:
    """What a caller asks for."""

    encoding: str | None = None  #: None: a container, which names its own
    sample_rate_hz: int = 0  #: of raw encodings
    channels: int = 1  #: of raw encodings, interleaved; they are mixed
    model: str = ""
    language: str = ""
    interim_results: bool = False
    punctuate: bool = False  #: marks and capitals in transcripts
    written: bool = False  #: numbers in figures, too
    boost: Mapping[str, float] = field(default_factory=dict)  #: phrase to weight
    endpointing: bool = True  #: whether the end of a segment counts as the end of speech
    endpointing_ms: int | None = None  #: of silence that end a segment; None: as the server is configured
    utterance_end_ms: int | None = None  #: of silence after a word, of which the caller is told
    vad_events: bool = False  #: whether the caller is told when speech begins

    @property
    def raw(self) -> bool:
        """Whether the audio is bare samples or packets, which don't name their rate."""
        return self.encoding in RAW_ENCODINGS


def parse(query: Iterable[tuple[str, str]]) -> ListenParameters:
    """Check query parameters, in which `keywords` and `keyterm` may occur several times.

    Raises:
        BadRequestError: one is unknown, or breaks its rule.
    """
    given = _Given(query)
    given.check_names()
    parameters = ListenParameters(
        encoding=given.choice("encoding", (*RAW_ENCODINGS, *CONTAINERS), "none for WebM, Ogg, WAV, MP3, MP4"),
        sample_rate_hz=given.number("sample_rate", LOWEST_RATE_HZ, HIGHEST_RATE_HZ, " Hz") or 0,
        channels=given.number("channels", 1, MOST_CHANNELS) or 1,
        model=given.name("model"),
        language=given.name("language"),
        interim_results=given.switch("interim_results"),
        punctuate=given.switch("punctuate"),
        written=given.switch("smart_format") or given.switch("numerals"),
        boost=given.phrases(),
        endpointing=given.one("endpointing").lower() != "false",
        endpointing_ms=given.endpointing_ms(),
        utterance_end_ms=given.number(
            "utterance_end_ms", SHORTEST_UTTERANCE_END_MS, LONGEST_UTTERANCE_END_MS, " ms"
        ),
        vad_events=given.switch("vad_events"),
    )
    _check_together(parameters)
    return parameters


def _check_together(parameters: ListenParameters) -> None:
    if parameters.raw and not parameters.sample_rate_hz:
        raise _refused("sample_rate", f"expected with encoding={parameters.encoding}, which doesn't name it")
    if not parameters.encoding and parameters.sample_rate_hz:
        raise _refused(
            "encoding",
            "expected with sample_rate, as in encoding=linear16&sample_rate=16000; "
            "leave out both for WebM, Ogg and other containers",
        )
    if parameters.utterance_end_ms is not None and not parameters.interim_results:
        raise _refused("utterance_end_ms", "expected with interim_results=true; add it")


class _Given:
    """Parameters as they were given."""

    def __init__(self, query: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in query:
            self._values.setdefault(name, []).append(value)

    def check_names(self) -> None:
        """Refuse what is unknown or not offered."""
        for name in self._values:
            if name in _NOT_OFFERED:
                raise _refused(name, "is not offered; leave it out")
            if name not in (*_TAKEN, *_OFF, *_IGNORED, *_CREDENTIALS):
                raise _refused(
                    name[:LONGEST_NAME], f"is no parameter; expected {', '.join((*_TAKEN, *_OFF, *_IGNORED))}"
                )
        for name in _OFF:
            if self.switch(name):
                remedy = "open a connection per channel" if name == "multichannel" else "leave it out"
                raise _refused(name, f"expected false, as it is not offered; {remedy}")

    def one(self, name: str) -> str:
        """The value of a parameter; empty: not given."""
        values = self._values.get(name, [""])
        if len(values) > 1:
            raise _refused(name, f"expected one value, got {len(values)}")
        return values[0]

    def name(self, name: str) -> str:
        """The value of a parameter that is a name."""
        value = self.one(name)
        if len(value) > LONGEST_NAME:
            raise _refused(name, f"expected at most {LONGEST_NAME} characters, got {len(value)}")
        return value

    def switch(self, name: str) -> bool:
        """Whether a parameter is on; it is off where it is not given."""
        value = self.one(name).lower() or "false"
        if value not in ("true", "false", "1", "0"):
            raise _refused(name, f"expected true or false, got {value[:LONGEST_NAME]!r}")
        return value in ("true", "1")

    def choice(self, name: str, known: tuple[str, ...], otherwise: str) -> str | None:
        """One of some values, or None where it is not given."""
        value = self.one(name)
        if value and value not in known:
            raise _refused(name, f"expected {', '.join(known)}, or {otherwise}, got {value[:LONGEST_NAME]!r}")
        return value or None

    def number(self, name: str, lowest: int, highest: int, unit: str = "") -> int | None:
        """A whole number in a range, or None where it is not given."""
        value = self.one(name)
        if not value:
            return None
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else -1
        if not lowest <= number <= highest:
            raise _refused(name, f"expected {lowest} to {highest}{unit}, got {value[:LONGEST_NAME]!r}")
        return number

    def endpointing_ms(self) -> int | None:
        """Milliseconds of silence that end a segment, or None where that is left to the server."""
        if self.one("endpointing").lower() in ("true", "false"):
            return None
        value = self.number("endpointing", 0, LONGEST_ENDPOINTING_MS, " ms, true or false")
        # Elsewhere 10 ms is usual. The recogniser here needs a longer pause.
        return None if value is None else max(value, SHORTEST_ENDPOINTING_MS)

    def phrases(self) -> dict[str, float]:
        """Phrases to favour, each with its weight."""
        keyterms, keywords = self._values.get("keyterm", []), self._values.get("keywords", [])
        if len(keyterms) + len(keywords) > MOST_PHRASES:
            name = "keyterm" if keyterms else "keywords"
            raise _refused(name, f"expected at most {MOST_PHRASES}, got {len(keyterms) + len(keywords)}")
        plain = {_phrase("keyterm", phrase): BOOST for phrase in keyterms}
        return plain | dict(_weighted(keyword) for keyword in keywords)


def _weighted(keyword: str) -> tuple[str, float]:
    phrase, colon, intensifier = keyword.rpartition(":")
    if not colon:
        return _phrase("keywords", keyword), BOOST
    try:
        factor = float(intensifier)
    except ValueError:
        factor = math.nan
    if math.isnan(factor):
        raise _refused("keywords", "expected PHRASE or PHRASE:NUMBER, as in tritone:2")
    return _phrase("keywords", phrase), max(-LARGEST_WEIGHT, min(LARGEST_WEIGHT, BOOST * factor))


def _phrase(name: str, phrase: str) -> str:
    if not 0 < len(phrase.strip()) <= LONGEST_PHRASE:
        raise _refused(name, f"expected phrases of 1 to {LONGEST_PHRASE} characters, got {len(phrase)}")
    return phrase.strip()


def _refused(name: str, problem: str) -> BadRequestError:
    return BadRequestError(f"{name}: {problem}.", param=name)
