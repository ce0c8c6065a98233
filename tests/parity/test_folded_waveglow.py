import pytest
import torch
from nemo.collections.tts.modules.waveglow import WaveGlowModule

from training.synthesis.folded_waveglow import HOP, TAPS, FoldedWaveGlow, from_nemo, to_nemo

MELS, GROUP = 6, 8
SIZES = {
    "n_mel_channels": MELS,
    "n_flows": 4,
    "n_group": GROUP,
    "n_early_every": 2,
    "n_early_size": 2,
    "n_wn_channels": 8,
    "n_wn_layers": 2,
    "wn_kernel_size": 3,
}


@pytest.fixture(scope="module")
def folded():
    torch.manual_seed(0)
    model = FoldedWaveGlow(**SIZES).eval()
    for parameter in model.parameters():
        if parameter.dim() != 2:  # the mixings are rotations already
            torch.nn.init.normal_(parameter, std=0.1)
    return model


@pytest.fixture(scope="module")
def nemo(folded):
    module = WaveGlowModule(**SIZES).eval()
    module.load_state_dict(to_nemo(folded))
    return module


def conditions(model, mel):
    return model.conditions(torch.nn.functional.pad(mel, (TAPS, 0)))


@pytest.mark.parametrize("frames", [1, 2, 3, 7])
@torch.no_grad()
def test_the_folded_form_gives_the_audio_of_nemos_module(folded, nemo, frames):
    mel = torch.randn(2, MELS, frames)
    noise = torch.randn(2, GROUP, frames * HOP // GROUP)
    expected = nemo.norm_dist_to_audio(spec=mel, z=noise)
    audio = folded.to_audio(noise, conditions(folded, mel))
    assert audio.shape == (2, frames * HOP)
    assert torch.linalg.norm(audio - expected) <= 1e-5 * torch.linalg.norm(expected)


@torch.no_grad()
def test_the_folded_form_gives_the_noise_and_likelihood_of_nemos_module(folded, nemo):
    mel, audio = torch.randn(2, MELS, 5), torch.randn(2, 5 * HOP)
    noise, log_determinant = folded.to_noise(audio, conditions(folded, mel))
    expected, log_scales, log_determinants = nemo.audio_to_normal_dist(spec=mel, audio=audio)
    total = sum(scale.sum() for scale in log_scales) + sum(log_determinants)
    torch.testing.assert_close(noise, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(log_determinant, total / audio.numel(), rtol=1e-4, atol=1e-6)


@torch.no_grad()
def test_noise_becomes_audio_and_audio_the_same_noise(folded):
    mel, noise = torch.randn(1, MELS, 4), torch.randn(1, GROUP, 4 * HOP // GROUP)
    heard = conditions(folded, mel)
    found, _ = folded.to_noise(folded.to_audio(noise, heard), heard)
    # Towards audio, the noise of the early outputs is read last.
    torch.testing.assert_close(torch.cat([found[:, 2:], found[:, :2]], 1), noise, rtol=1e-3, atol=1e-3)


def test_the_folded_form_is_read_back_from_nemos_module(folded, nemo):
    again = from_nemo(nemo.state_dict(), folded)
    for name, value in folded.state_dict().items():
        torch.testing.assert_close(again[name], value)


def test_a_module_that_was_never_folded_is_refused(folded):
    with pytest.raises(ValueError, match="trained in the folded form"):
        from_nemo(WaveGlowModule(**SIZES).state_dict(), folded)


def test_a_module_of_other_sizes_is_refused(nemo):
    wider = FoldedWaveGlow(**SIZES | {"n_wn_channels": 16})
    with pytest.raises(
        ValueError, match=r"expected \(\d.*\), got \(\d.*choose a checkpoint of the same sizes"
    ):
        from_nemo(nemo.state_dict(), wider)
