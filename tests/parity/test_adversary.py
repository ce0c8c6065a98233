import pytest
import torch

from training.synthesis.adversary import Adversary

SAMPLES = 6144


@pytest.fixture
def adversary():
    torch.manual_seed(0)
    return Adversary()


def tones(count, seed=0):
    torch.manual_seed(seed)
    time = torch.arange(SAMPLES) / 16000
    frequencies = 100 + 300 * torch.rand(count, 1)
    return 0.3 * torch.sin(2 * torch.pi * frequencies * time)


def test_scores_follow_the_bands_and_frames_of_every_resolution(adversary):
    opinion = adversary(tones(2))
    assert [tuple(score.shape) for score in opinion.scores] == [(2, 1, 9, 25), (2, 1, 5, 49), (2, 1, 3, 97)]


def test_it_learns_to_tell_phases_that_have_the_same_magnitudes(adversary):
    optimizer = torch.optim.Adam(adversary.parameters(), 1e-3)
    impulses, noise = torch.zeros(4, SAMPLES), torch.randn(4, SAMPLES)
    impulses[:, ::256] = 16.0  # as loud as the noise, and as flat
    before = float(adversary.loss(impulses, noise))
    for _ in range(30):
        loss = adversary.loss(impulses, noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss) < 0.2 * before


def test_generated_audio_that_equals_the_recording_has_no_distance(adversary):
    audio = tones(2)
    doubt, distance = adversary.persuasion(audio, audio.clone())
    assert float(distance) == 0
    assert float(doubt) > 0


def test_silence_has_a_finite_gradient(adversary):
    silence = torch.zeros(1, SAMPLES, requires_grad=True)
    torch.stack(adversary.persuasion(tones(1), silence)).sum().backward()
    assert torch.isfinite(silence.grad).all()


def test_the_adversarys_loss_does_not_reach_the_vocoder(adversary):
    generated = tones(1).requires_grad_()
    adversary.loss(tones(1, seed=1), generated).backward()
    assert generated.grad is None
