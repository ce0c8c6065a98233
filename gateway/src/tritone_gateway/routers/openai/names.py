"""What the names of models and voices in requests stand for."""

from __future__ import annotations

from tritone_gateway.backend.offered import Offered
from tritone_gateway.errors import BadRequestError
from tritone_gateway.routers.openai.errors import no_such_model, shown
from tritone_gateway.schemas.openai import Model
from tritone_gateway.settings.openai import OpenAISettings

RECOGNITION, SYNTHESIS = "speech_to_text", "text_to_speech"  # names of the default models
DEFAULT_VOICE = "default"


async def recogniser(name: str, settings: OpenAISettings, offered: Offered) -> str:
    """Return the recogniser that a model's name stands for, empty for the default one.

    Raises:
        NoSuchModelError: there is none.
    """
    served = "" if name == RECOGNITION else settings.openai_recognisers.get(name, name)
    if not await offered.has_recogniser(served):
        raise no_such_model(name)
    return served


async def voice(model: str, name: str, settings: OpenAISettings, offered: Offered) -> str:
    """Return the voice that a name stands for, empty for the default one.

    Raises:
        NoSuchModelError: the model does not speak.
        BadRequestError: there is no such voice.
    """
    if model not in (SYNTHESIS, *settings.openai_speech_models):
        raise no_such_model(model)
    served = "" if name == DEFAULT_VOICE else settings.openai_voices.get(name, name)
    if await offered.has_voice(served):
        return served
    others = sorted({voice.name for voice in (await offered.catalogue()).voices} - {""})
    known = ", ".join([DEFAULT_VOICE, *others, *settings.openai_voices])
    raise BadRequestError(f"voice: expected one of {known}, got {shown(name)}.", param="voice")


async def models(settings: OpenAISettings, offered: Offered) -> list[Model]:
    """Return every name that can be used as a model now."""
    catalogue = await offered.catalogue()
    recognisers = {recogniser.name for recogniser in catalogue.recognisers}
    names = [RECOGNITION] if "" in recognisers else []
    names += sorted(recognisers - {""})
    names += [alias for alias, served in settings.openai_recognisers.items() if served in recognisers]
    if catalogue.voices:
        names += [SYNTHESIS, *settings.openai_speech_models]
    return [Model(id=name) for name in dict.fromkeys(names)]
