import pytest

from tritone.errors import ParameterError
from tritone.request_parameters import read_parameters
from tritone.synthesis.parameters import SynthesisParameters, declared_parameters
from tritone.synthesis.voice import Voice


def read(voice, denoiser=True, **sent):
    return SynthesisParameters(**read_parameters(declared_parameters(voice, denoiser=denoiser), sent))


def test_omitted_parameters_are_those_of_the_voice_and_the_defaults(voice, parallel_voice):
    assert read(voice) == SynthesisParameters(sigma=0.8, denoise=0.0)
    assert read(parallel_voice, denoiser=False) == SynthesisParameters(pitch=0.0, speaker=0)


def test_every_parameter_can_be_sent(voice, parallel_voice):
    sent = {"sigma": 0.5, "seed": 3, "speed": 2, "denoise": 0.1}
    assert read(voice, **sent) == SynthesisParameters(**sent)
    sent = {"speed": 0.5, "pitch": -1.5, "speaker": 2}
    assert read(parallel_voice, denoiser=False, **sent) == SynthesisParameters(**sent)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"seed": 0}, "parameter seed: expected none, this voice draws no noise"),
        ({"sigma": 0.5}, "parameter sigma: expected none, this voice's vocoder takes no noise"),
        ({"denoise": 0}, "parameter denoise: expected none, this voice has no denoiser"),
        ({"speaker": 3}, "parameter speaker: expected a whole number from 0 to 2, got 3"),
        ({"pitch": "high"}, "parameter pitch: expected a number from -3 to 3, got 'high'"),
    ],
    ids=str,
)
def test_what_a_parallel_voice_has_no_use_for_is_refused_in_words(parallel_voice, sent, says):
    with pytest.raises(ParameterError, match=says):
        read(parallel_voice, denoiser=False, **sent)


@pytest.mark.parametrize("sent", [{"pitch": 0.0}, {"speaker": 0}], ids=str)
def test_what_an_autoregressive_voice_has_no_use_for_is_refused_in_words(voice, sent):
    with pytest.raises(ParameterError, match="expected none, this voice"):
        read(voice, **sent)


def test_speakers_are_those_of_the_checkpoint(parallel_pair, sidecars):
    parallel_pair[0]["speakers"] = 0
    with pytest.raises(ParameterError, match="speaker: expected none, this voice has one speaker"):
        read(Voice.load(sidecars(*parallel_pair)), speaker=0)


def test_seed_is_drawn_where_either_half_draws_noise(pair, parallel_pair, sidecars):
    for halves in ((pair[0], parallel_pair[1]), (parallel_pair[0], pair[1])):
        assert read(Voice.load(sidecars(*halves)), seed=5).seed == 5


def test_a_request_without_seed_speaks_every_text_with_new_noise(voice):
    assert len({read(voice).text_seed() for _ in range(10)}) == 10
    assert {read(voice, seed=5).text_seed() for _ in range(10)} == {5}
