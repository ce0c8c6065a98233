"""OpenAI's API: its names of models and voices, and what has no equal in tritone."""

from __future__ import annotations

from pydantic import Field

from tritone_gateway.settings.area import Area

_TRANSCRIBING = (
    "whisper-1",
    "gpt-transcribe",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
)
_SPEAKING = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")
_VOICES = [
    "alloy",
    "ash",
    "ballad",
    "cedar",
    "coral",
    "echo",
    "fable",
    "marin",
    "nova",
    "onyx",
    "sage",
    "shimmer",
    "verse",
]


class OpenAISettings(Area):
    """Names of models and voices. JSON in the environment replaces all of a setting's names:
    `TRITONE_OPENAI_RECOGNISERS='{"whisper-1": "", "gpt-4o-transcribe": "parakeet"}'`.
    """

    openai_recognisers: dict[str, str] = dict.fromkeys(_TRANSCRIBING, "")
    """Recogniser for each of OpenAI's model names; empty: the default one."""
    openai_speech_models: list[str] = Field(default_factory=lambda: list(_SPEAKING))
    """OpenAI's names of models that speak. Which voice speaks is said by the field `voice`."""
    openai_voices: dict[str, str] = dict.fromkeys(_VOICES, "")
    """Voice for each of OpenAI's voice names; empty: the default one."""
    openai_keyword_weight: float = Field(5.0, ge=-20, le=20)
    """Weight of the phrases in `keywords`."""
    openai_prompt_weight: float = Field(3.0, ge=-20, le=20)
    """Weight of the terms that are found in `prompt`; 0: prompts are ignored."""
    openai_language: str = "en"
    """The recognisers' language, ISO 639-1."""
    openai_language_name: str = "english"
    """The same in words, as `verbose_json` gives it."""
    openai_figures: bool = False
    """Whether transcripts have numbers, money, dates and times in figures."""
