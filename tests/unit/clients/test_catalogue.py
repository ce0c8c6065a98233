"""What a server has, from the configs of the bundled models."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from tritone_client import ModelNotFoundError
from tritone_client.catalogue import Recogniser, Voice
from tritone_client.command import main


def test_the_bundled_recogniser_and_voice_are_the_default_ones(caller, urls):
    found = caller(urls[caller.protocol], "models")
    assert found.recognisers == (
        Recogniser(
            "", ("audio_to_text", "speech_to_text", "asr_stream"), ("asr_features", "asr_quartznet"), True
        ),
    )
    assert found.voices == (
        Voice(
            "",
            ("text_to_speech", "text_to_audio", "text_to_speech_stream"),
            ("tts_tacotron2", "tts_waveglow"),
            ("speed", "seed", "sigma", "denoise"),
        ),
    )


def test_canaries_and_models_within_pipelines_are_not_listed(caller, urls, behaviour):
    behaviour.models |= {"text_to_speech_canary": True, "asr_windows": True, "text_to_speeches": True}
    found = caller(urls[caller.protocol], "models")
    assert [voice.name for voice in found.voices] == [""]
    assert [recogniser.name for recogniser in found.recognisers] == [""]


def test_a_server_without_recognition_has_none(caller, urls, behaviour):
    behaviour.models.clear()
    behaviour.models["text_to_speech"] = True
    found = caller(urls[caller.protocol], "models")
    assert found.recognisers == ()
    assert found.voices[0].pipelines == ("text_to_speech",)


def test_a_server_without_the_punctuation_pipeline_has_recognisers_too(caller, urls, behaviour):
    behaviour.models.clear()
    behaviour.models["speech_to_text"] = True
    (recogniser,) = caller(urls[caller.protocol], "models").recognisers
    assert (recogniser.pipelines, recogniser.punctuated) == (("speech_to_text",), False)


@pytest.mark.parametrize("command", ["models", "voices"])
@pytest.mark.parametrize("options", [[], ["--canary"], ["--model", "nope"]], ids=str)
def test_commands_list_what_there_is_on_a_server_without_other_pipelines(urls, behaviour, command, options):
    behaviour.models.clear()
    behaviour.models["text_to_speech"] = True
    done = CliRunner().invoke(main, [command, "--url", urls["grpc"], *options])
    assert done.exit_code == 0
    assert "tts_tacotron2, tts_waveglow" in done.output


@pytest.mark.parametrize("method", ["health", "wait_until_ready", "probe"])
def test_a_name_that_the_server_does_not_have_is_named(caller, urls, method):
    with pytest.raises(ModelNotFoundError, match="got 'nope'; `tritone models` lists them"):
        caller(urls[caller.protocol], method, model="nope")


def test_health_of_a_name_is_that_of_its_pipelines(caller, urls, behaviour):
    behaviour.models |= {"text_to_speech_other": True, "text_to_audio_other": False}
    health = caller(urls[caller.protocol], "health", model="other")
    assert {name: model.ready for name, model in health.models.items()} == {
        "text_to_speech": True,
        "text_to_audio": False,
    }


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("voices", "(default)  speed, seed, sigma, denoise  tts_tacotron2, tts_waveglow"),
        (
            "models",
            "(default)  voice       text_to_speech, text_to_audio, text_to_speech_stream  "
            "tts_tacotron2, tts_waveglow",
        ),
    ],
)
def test_commands_print_a_table(urls, command, line):
    done = CliRunner().invoke(main, [command, "--url", urls["grpc"]])
    assert done.exit_code == 0
    assert line in done.output.splitlines()
