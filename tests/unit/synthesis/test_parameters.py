from tritone.request_parameters import read_parameters
from tritone.synthesis.parameters import SynthesisParameters, declared_parameters


def read(**sent):
    return SynthesisParameters(**read_parameters(declared_parameters(sigma=0.7), sent))


def test_omitted_parameters_are_those_of_the_voice_and_the_defaults():
    assert read() == SynthesisParameters(sigma=0.7) == SynthesisParameters(0.7, None, 1.0, 0.0)


def test_every_parameter_can_be_sent():
    sent = {"sigma": 0.5, "seed": 3, "speed": 2, "denoise": 0.1}
    assert read(**sent) == SynthesisParameters(**sent)


def test_a_request_without_seed_speaks_every_text_with_new_noise():
    assert len({read().text_seed() for _ in range(10)}) == 10
    assert {read(seed=5).text_seed() for _ in range(10)} == {5}
