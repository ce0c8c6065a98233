import openai
import pytest
from tritone_gateway.settings import Settings

from tests.gateway.backends import PatientBackend
from tests.gateway.serving import RunningGateway


def test_models_have_openai_names_and_their_own(sdk):
    names = [model.id for model in sdk.models.list()]
    assert names[0] == "speech_to_text"
    assert {"whisper-1", "gpt-4o-transcribe", "text_to_speech", "tts-1", "gpt-4o-mini-tts"} < set(names)
    assert len(names) == len(set(names))


async def test_one_model_is_described(async_sdk):
    model = await async_sdk.models.retrieve("whisper-1")
    assert (model.id, model.object, model.owned_by) == ("whisper-1", "model", "tritone")


class NotingBackend(PatientBackend):
    """Notes which recogniser and voice are used."""

    def __init__(self):
        super().__init__(chunks=1)
        self.go_on.set()
        self.used = []
        self.asked = 0

    async def transcribe(self, audio, choices):
        self.used.append(choices)
        return await super().transcribe(audio, choices)

    async def stream_synthesis(self, text, choices):
        self.used.append(choices)
        async for speech in super().stream_synthesis(text, choices):
            yield speech

    async def catalogue(self):
        self.asked += 1
        return await super().catalogue()


@pytest.fixture
def backend():
    return NotingBackend()


@pytest.fixture
def renamed(backend):
    """A client of a gateway whose settings give names to a second recogniser and a second voice."""
    settings = Settings(
        openai_recognisers={"whisper-1": "", "gpt-4o-transcribe": "other", "lost": "gone"},
        openai_voices={"alloy": "", "nova": "anna"},
        openai_speech_models=["tts-1"],
    )
    with (
        RunningGateway(settings, backend=backend) as gateway,
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0) as sdk,
    ):
        yield sdk


def test_settings_decide_what_names_stand_for(renamed, backend):
    file = ("a.wav", b"RIFF")
    for name, used in {
        "whisper-1": "",
        "speech_to_text": "",
        "gpt-4o-transcribe": "other",
        "other": "other",
    }.items():
        renamed.audio.transcriptions.create(file=file, model=name)
        assert backend.used[-1].model == used
    for name, used in {"alloy": "", "default": "", "nova": "anna", "anna": "anna"}.items():
        renamed.audio.speech.create(model="tts-1", voice=name, input="Hello.")
        assert backend.used[-1].model == used
    assert [model.id for model in renamed.models.list()] == [
        "speech_to_text",
        "other",
        "whisper-1",
        "gpt-4o-transcribe",
        "text_to_speech",
        "tts-1",
    ]


def test_name_of_a_recogniser_that_is_gone_is_not_found(renamed):
    for name in ("lost", "gone", "../other", "gpt-4o-mini-transcribe"):
        with pytest.raises(openai.NotFoundError):
            renamed.audio.transcriptions.create(file=("a.wav", b"RIFF"), model=name)
    with pytest.raises(
        openai.BadRequestError, match="expected one of default, anna, alloy, nova, got 'echo'"
    ):
        renamed.audio.speech.create(model="tts-1", voice="echo", input="Hello.")


def test_known_names_ask_the_speech_service_nothing(renamed, backend):
    for _ in range(3):
        renamed.audio.speech.create(model="tts-1", voice="anna", input="Hello.")
    assert backend.asked == 1
    for _ in range(5):
        with pytest.raises(openai.NotFoundError):
            renamed.audio.transcriptions.create(file=("a.wav", b"RIFF"), model="unknown")
    assert backend.asked <= 3


def test_prompt_and_keywords_become_weights(renamed, backend):
    renamed.audio.transcriptions.create(
        file=("a.wav", b"RIFF"), model="whisper-1", prompt="Anna, Boston", keywords=["Hester Prynne"]
    )
    assert backend.used[-1].boost == {"Hester Prynne": 5, "Anna": 3, "Boston": 3}
