"""Wider networks initialised from narrow ones, and warped mel axes.

Needs torch, so it runs in the NeMo environment.
"""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from training.growth import grow  # noqa: E402
from training.vocal_tract import VocalTractWarp, warp  # noqa: E402


def network(channels: int) -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Conv1d(4, 4, 5, padding=2, groups=4, bias=False),
        torch.nn.Conv1d(4, channels, 1, bias=False),
        torch.nn.BatchNorm1d(channels),
        torch.nn.ReLU(),
        torch.nn.Conv1d(channels, channels, 3, padding=1, groups=channels, bias=False),
        torch.nn.Conv1d(channels, 3, 1),
    ).eval()


def test_a_grown_network_computes_the_same_and_learns_with_all_its_channels() -> None:
    narrow, wide = network(6), network(10)
    narrow[2].running_mean += 0.3
    wide.load_state_dict(grow(narrow.state_dict(), wide.state_dict()))
    x = torch.randn(2, 4, 20)
    torch.testing.assert_close(wide(x), narrow(x))
    wide(x).square().sum().backward()
    assert wide[5].weight.grad[:, 6:].abs().min() > 0


def test_networks_of_other_layers_or_narrower_ones_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.weight has shape \(10, 4, 1\), expected at most \(6, 4, 1\)"):
        grow(network(10).state_dict(), network(6).state_dict())
    with pytest.raises(ValueError, match="same layers in both networks, got 8"):
        grow(network(6)[:2].state_dict(), network(6).state_dict())


def test_the_mel_axis_is_read_at_multiplied_places() -> None:
    ramp = torch.arange(8.0).reshape(1, 8, 1).repeat(3, 1, 5)
    warped = warp(ramp, torch.tensor([[1.0], [0.5], [1.5]]))
    torch.testing.assert_close(warped[0], ramp[0])
    torch.testing.assert_close(warped[1], ramp[1] / 2)
    torch.testing.assert_close(warped[2], (ramp[2] * 1.5).clamp(max=7))


def test_warping_can_be_off_and_stays_within_its_strength() -> None:
    ramp = torch.arange(64.0).reshape(1, 64, 1).repeat(50, 1, 2)
    assert VocalTractWarp(64, 0.0)(ramp) is ramp
    factors = VocalTractWarp(64, 0.1)(ramp)[:, 40, 0] / 40
    assert 0.9 <= factors.min() < 0.95
    assert 1.05 < factors.max() <= 1.1
