"""Engines of FastPitch and HiFi-GAN: profiles, inputs that they are verified with, and the comparison."""

import shutil

import numpy as np
import onnx
import pytest

from export.families import engine_named
from export.tensorrt.profiles import accepts, check_profiles, profiles_of
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.samples import reference_outputs, samples_of
from tests.server.second_voice import ROOT, install

NAMES = ["tts_fastpitch_second", "tts_hifigan_second"]


@pytest.fixture(scope="module")
def voice(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repositories")
    copies = [folder / name for name in ("model_repository", "ensembles")]
    for copy in copies:
        shutil.copytree(ROOT / copy.name, copy, ignore=shutil.ignore_patterns("asr_*", "punctuation_*"))
    install(*copies)
    return RepositoryVersion(copies[0])


@pytest.mark.parametrize("name", NAMES)
def test_profiles_fit_graph_and_config(voice, name):
    profiles = profiles_of(engine_named(name), voice)
    check_profiles(profiles, onnx.load(str(voice.graph(name))).graph, voice.config(name))
    for profile in profiles.values():
        for shapes in profile.values():
            assert all(accepts(shapes, shape) for shape in shapes)


def test_the_vocoder_takes_the_longest_utterance_at_the_slowest_pace(voice):
    spectrograms, vocoder = (profiles_of(engine_named(name), voice)["single"] for name in NAMES)
    symbols = spectrograms["symbols"].max[1]
    seconds = 2 * (1.5 + 0.15 * symbols)
    assert vocoder["mel"].max[2] >= seconds * 22_050 / 256
    assert spectrograms["speaker"].max == (1, 1)


@pytest.mark.parametrize("name", NAMES)
def test_sample_inputs_are_within_the_profiles(voice, name):
    model = engine_named(name)
    profiles = profiles_of(model, voice)
    for profile, arrays in samples_of(model, voice).items():
        assert arrays.keys() == profiles[profile].keys()
        for tensor, array in arrays.items():
            assert accepts(profiles[profile][tensor], array.shape), tensor


def test_an_engine_that_is_coarse_beyond_tolerance_is_found(voice):
    fastpitch, hifigan = map(engine_named, NAMES)
    expected = reference_outputs(voice, fastpitch.name)
    assert not failing(fastpitch, expected, expected)
    later = {**expected, "durations": expected["durations"] + 2}
    assert "durations" in failing(fastpitch, later, expected)
    expected = reference_outputs(voice, hifigan.name)
    assert not failing(hifigan, expected, expected)
    assert "audio" in failing(hifigan, {**expected, "audio": expected["audio"] * np.float32(1.1)}, expected)


def failing(model, measured, expected):
    """The outputs of which some figure is beyond its tolerance."""
    rows = model.compare(measured, expected)
    return {name for name, _, error, tolerance in rows if tolerance is not None and not error <= tolerance}
