import pytest

from tritone.errors import ArtifactError
from tritone.synthesis.limits import StepLimit, bucket
from tritone.synthesis.voice import Voice


def test_a_pair_that_fits_makes_a_voice(voice):
    assert (voice.sample_rate_hz, voice.hop_samples, voice.mels, voice.groups) == (16_000, 256, 8, 16)
    assert voice.step_s == 2 * 256 / 16_000
    assert voice.latent_columns(10) == 10 * 256 // 16


def test_every_setting_that_differs_is_named_with_both_values(pair, sidecars):
    pair[1]["mel"] |= {"hop_samples": 300, "highest_hz": None, "preemphasis": 0.97}
    with pytest.raises(ArtifactError) as refused:
        Voice.load(sidecars(*pair))
    message = str(refused.value)
    for says in ("hop_samples 256 and 300", "highest_hz 8000.0 and null", "preemphasis unknown and 0.97"):
        assert says in message
    assert "fft_size" not in message


def test_a_vocoder_of_another_hop_is_refused(pair, sidecars):
    pair[1]["hop_samples"] = 512
    with pytest.raises(ArtifactError, match="256 samples per mel frame in whole groups, got 512"):
        Voice.load(sidecars(*pair))


def test_groups_must_divide_the_hop(pair, sidecars):
    pair[1]["groups"] = 24
    with pytest.raises(ArtifactError, match="groups of 24"):
        Voice.load(sidecars(*pair))


def test_a_missing_sidecar_says_how_to_make_it(pair, sidecars):
    folder = sidecars(*pair)
    (folder / "vocoder.json").unlink()
    with pytest.raises(ArtifactError, match=r"vocoder\.json: .*make export"):
        Voice.load(folder)


def test_a_missing_field_is_named(pair, sidecars):
    del pair[0]["prenet_units"]
    with pytest.raises(ArtifactError, match="prenet_units"):
        Voice.load(sidecars(*pair))


@pytest.mark.parametrize(("length", "rounded"), [(1, 32), (31, 32), (32, 32), (33, 64)])
def test_buckets_round_up(length, rounded):
    assert bucket(length, 32) == rounded


def test_step_limit_grows_with_the_symbols_up_to_the_checkpoints_own(voice):
    limit = StepLimit(base_s=1.0, symbol_s=0.25)
    assert limit.steps(0, voice) == 32  # 1 s of 31.25 steps
    assert limit.steps(4, voice) == 63
    assert limit.steps(10_000, voice) == 1000
