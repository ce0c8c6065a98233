"""Models that call others load from their folder, their parameters and a function that binds partners."""

from __future__ import annotations

import numpy as np
import pytest

from tritone.errors import ArtifactError, ParameterError
from tritone.model_parameters import Parameters
from tritone.orchestrators import loader
from tritone.repository.configs import read_config
from tritone.request_parameters import read_parameters
from tritone.server.options import REPOSITORIES
from tritone.synthesis.parameters import SynthesisParameters
from tritone.synthesis.utterances import Utterance

CALLERS = ("asr_windows", "punctuation_windows", "tts_utterances")


def config(model):
    return read_config(REPOSITORIES[0] / model / "config.pbtxt")


def loaded(model, bind, changes=(), **options):
    """Load version 1 with the committed config, some of its parameters changed."""
    changed = config(model)
    for name, text in dict(changes).items():
        changed.parameters[name].string_value = text
    parameters = Parameters.of(changed)
    return loader(parameters)(REPOSITORIES[0] / model / "1", parameters, bind, **options)


def test_partners_are_the_models_in_a_config_except_the_next_one():
    assert Parameters.of(config("asr_windows")).partners == {
        "acoustic_model": "asr_quartznet",
        "features_model": "asr_features",
        "voice_activity_model": "voice_activity",
    }
    assert Parameters.of(config("text_validator")).partners == {}
    assert loader(Parameters.of(config("text_validator"))) is None


@pytest.mark.parametrize("model", CALLERS)
def test_every_partner_is_bound_once_by_the_name_in_the_config(model):
    bound = []
    loaded(model, lambda name, inputs, outputs: bound.append(name), ahead=False)
    assert sorted(bound) == sorted(Parameters.of(config(model)).partners.values())


def test_a_config_decides_which_model_is_called():
    bound = []
    changes = {"acoustic_model": "asr_conformer_de"}
    loaded("asr_windows", lambda name, inputs, outputs: bound.append(name), changes, ahead=False)
    assert bound == ["asr_features", "asr_conformer_de", "voice_activity"]


@pytest.mark.parametrize("model", CALLERS)
def test_a_partner_without_a_name_is_rejected(model):
    key = sorted(Parameters.of(config(model)).partners)[0]
    with pytest.raises(
        ArtifactError, match=f"'{model}', parameter {key}: expected the name of a model, got ''"
    ):
        loaded(model, lambda name, inputs, outputs: None, {key: ""}, ahead=False)


def test_concurrent_windows_equal_sequential_ones():
    def bind(name, inputs, outputs):
        def call(*arrays):
            first, length = arrays
            if name == "asr_features":
                frames = length // 160
                return [np.full((1, 64, frames[0, 0]), first.sum(), np.float32), frames]
            frames = length // 2
            rows = (
                np.arange(frames[0, 0], dtype=np.float32)[:, None] + first[0, 0, 0] + np.zeros(29, np.float32)
            )
            return [rows[None], frames]

        return call

    audio = np.random.default_rng(0).normal(0, 0.1, 16_000 * 75).astype(np.float32)
    together, alone = (loaded("asr_windows", bind, ahead=ahead).recognise(audio) for ahead in (True, False))
    np.testing.assert_array_equal(together.log_probs, alone.log_probs)


def test_a_voice_without_a_denoiser_speaks_but_does_not_denoise():
    changed = config("tts_utterances")
    del changed.parameters["denoiser_model"]
    parameters = Parameters.of(changed)

    def bind(name, inputs, outputs):
        if name == "tts_tacotron2":
            return lambda symbols, length, dropout: [
                np.zeros((len(symbols), 80, 9), np.float32),
                np.full((len(symbols), 1), 9),
            ]
        return lambda mel, length, z: [np.zeros((1, mel.shape[2] * 256), np.float32)]

    folder = REPOSITORIES[0] / "tts_utterances/1"
    synthesizer = loader(parameters)(folder, parameters, bind, ahead=False)
    texts = [[Utterance(0, 0, np.arange(3), 0.0)]]
    (speech,) = synthesizer.speak(texts, SynthesisParameters(sigma=1.0, seed=1))
    assert speech.size == 9 * 256
    with pytest.raises(ParameterError, match="denoise: expected none, this voice has no denoiser"):
        read_parameters(synthesizer.parameters, {"denoise": 0.1})
