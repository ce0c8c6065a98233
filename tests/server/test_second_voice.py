"""A voice of other networks, FastPitch and HiFi-GAN, beside the bundled one."""

import shutil

import numpy as np
import pytest
from tritonclient.utils import InferenceServerException
from tritone_client import Client, InvalidRequestError, ModelNotFoundError

from tritone.repository.checks import check_repositories
from tritone.server import Ports, ServerOptions, TritonServer
from tritone.server.options import REPOSITORIES

from .conftest import tensor, text
from .second_voice import install
from .speech_streams import connected

TEXT = "Hello there. It was a long way home."


@pytest.fixture(scope="module")
def repositories(tmp_path_factory):
    """Copies of both repositories, without recognition, with the second voice."""
    folder = tmp_path_factory.mktemp("repositories")
    copies = [folder / path.name for path in REPOSITORIES]
    ignored = shutil.ignore_patterns("asr_*", "*punctuat*", "*to_text", "audio_decoder", "text_validator")
    for path, copy in zip(REPOSITORIES, copies, strict=True):
        shutil.copytree(path, copy, ignore=ignored)

    install(*copies)
    return copies


@pytest.fixture(scope="module")
def server(repositories):
    with TritonServer(ServerOptions(ports=Ports.free(), repositories=repositories)) as server:
        yield server


@pytest.fixture(scope="module")
def url(server):
    return server.grpc_url


@pytest.fixture(scope="module")
def second(url):
    with Client(url, model="second") as client:
        yield client


def test_its_configs_are_in_order(repositories):
    findings = [line for line in check_repositories(repositories) if not line.startswith("contract:")]
    assert findings == []  # the contract has recognition too, which is left out here


def test_each_caller_gets_the_voice_that_it_names(url, second):
    with Client(url) as first:
        usual = first.synthesize(TEXT, seed=1)
    other = second.synthesize(TEXT)
    assert (usual.sample_rate_hz, other.sample_rate_hz) == (16_000, 22_050)
    assert other.samples.size > 22_050
    assert np.isfinite(other.samples).all()


def test_a_text_is_always_spoken_alike_whatever_else_is_spoken(second):
    alone = second.synthesize(TEXT)
    others = ["Another text, of another length.", TEXT, "No."]
    together = list(second.synthesize_all(others, concurrency=3))
    np.testing.assert_allclose(together[1].samples, alone.samples, atol=1e-4)


def test_speed_pitch_and_speaker_change_the_speech(second):
    usual = second.synthesize(TEXT)
    assert second.synthesize(TEXT, speed=0.5).samples.size > 1.5 * usual.samples.size
    for options in ({"pitch": 2.0}, {"speaker": 2}):
        assert not np.array_equal(second.synthesize(TEXT, **options).samples, usual.samples)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seed": 1}, "seed: expected none, this voice draws no noise"),
        ({"sigma": 0.5}, "sigma: expected none"),
        ({"denoise": 0.1}, "denoise: expected none, this voice has no denoiser"),
        ({"speaker": 3}, "speaker: expected a whole number from 0 to 2, got 3"),
    ],
    ids=str,
)
def test_an_option_that_the_voice_has_no_use_for_is_refused_in_words(second, options, says):
    with pytest.raises(InvalidRequestError, match=says):
        second.synthesize_encoded(TEXT, "flac", **options)


LONG = f"{TEXT} It was a very long way, and nobody knew where it would end. " * 3


@pytest.mark.parametrize("asked", [{}, {"speed": "0.6", "speaker": 2}], ids=str)
def test_it_is_streamed_as_it_is_spoken(url, asked):
    with connected(url, model="text_to_speech_stream_second") as stream:
        stream.send(LONG, asked)
        chunks = stream.chunks()
        whole = stream.client.infer("text_to_speech_second", [tensor("text", text(LONG))], parameters=asked)
        # Its spectrograms depend on their batch, within rounding.
        np.testing.assert_allclose(np.concatenate(chunks), whole.as_numpy("audio")[0], atol=1e-4)
        assert len(chunks) > 3
        stream.send(TEXT, {"seed": 1})
        with pytest.raises(InferenceServerException, match="seed: expected none, this voice draws no noise"):
            stream.receive()


def test_the_bundled_voice_refuses_what_only_the_second_one_can_do(url):
    with Client(url) as client:
        for options in ({"pitch": 1.0}, {"speaker": 0}):
            with pytest.raises(InvalidRequestError, match="expected none, this voice"):
                client.synthesize(TEXT, **options)


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_both_voices_are_listed_with_their_options(server, protocol):
    with Client(getattr(server, f"{protocol}_url"), protocol=protocol) as client:
        first, second = client.models().voices
        assert client.models().recognisers == ()
    assert (first.name, first.options) == ("", ("speed", "seed", "sigma", "denoise"))
    assert (second.name, second.options) == ("second", ("speed", "pitch", "speaker"))
    assert second.pipelines == (
        *("text_to_speech_second", "text_to_audio_second"),
        "text_to_speech_stream_second",
    )
    assert second.networks == ("tts_fastpitch_second", "tts_hifigan_second")


def test_health_and_probe_are_those_of_the_named_voice(second):
    health = second.health()
    assert health.ok
    assert set(health.models) == {"text_to_speech", "text_to_audio"}
    assert second.probe().ok


def test_a_name_that_is_not_served_is_not_found(url):
    with Client(url, model="third") as client:
        with pytest.raises(ModelNotFoundError, match="text_to_speech_third"):
            client.synthesize(TEXT)
        with pytest.raises(ModelNotFoundError, match="got 'third'; `tritone models` lists them"):
            client.health()
