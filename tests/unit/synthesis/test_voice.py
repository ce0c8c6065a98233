import pytest

from tritone.errors import ArtifactError
from tritone.synthesis.limits import DurationLimit, bucket
from tritone.synthesis.voice import Direct, Flow, Parallel, Voice


def test_a_pair_that_fits_makes_a_voice(voice):
    assert (voice.sample_rate_hz, voice.hop_samples, voice.mels) == (16_000, 256, 8)
    assert voice.spectrograms.frames_per_step == 2
    assert voice.vocoder == Flow(groups=16, sigma=0.8, context_frames=3)
    assert voice.frame_s == 256 / 16_000
    assert voice.latent_columns(10) == 10 * 256 // 16


def test_halves_of_any_kind_make_a_voice(pair, parallel_pair, sidecars):
    for halves in ((pair[0], parallel_pair[1]), (parallel_pair[0], pair[1]), parallel_pair):
        voice = Voice.load(sidecars(*halves))
        assert (voice.spectrograms.kind, voice.vocoder.kind) == tuple(half["kind"] for half in halves)
    assert voice.spectrograms == Parallel(speakers=3)
    assert voice.vocoder == Direct(context_frames=13)
    assert voice.latent_columns(10) == 0


def test_an_unknown_kind_is_named(pair, sidecars):
    pair[1]["kind"] = "diffusion"
    with pytest.raises(ArtifactError, match="expected the kind flow or direct, got 'diffusion'"):
        Voice.load(sidecars(*pair))


def test_a_guard_that_is_added_and_one_that_is_clamped_to_make_one_logarithm(pair, sidecars):
    pair[0]["mel"]["log_zero_guard_type"], pair[1]["mel"]["log_zero_guard_type"] = "add", "clamp"
    assert Voice.load(sidecars(*pair))
    pair[1]["mel"]["log_zero_guard_value"] = 1e-3
    with pytest.raises(ArtifactError, match="log_zero_guard_value unknown and 0"):
        Voice.load(sidecars(*pair))


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


def test_limit_grows_with_the_symbols_up_to_the_checkpoints_own(voice, parallel_voice):
    limit = DurationLimit(base_s=1.0, symbol_s=0.25)
    assert limit.frames(0, voice) == 64  # 1 s of 62.5 frames, in steps of two
    assert limit.frames(4, voice) == 126
    assert limit.frames(10_000, voice) == 2000
    assert limit.frames(0, parallel_voice) == 63
    assert limit.frames(10_000, parallel_voice) == 2501 * 62.5 + 0.5
