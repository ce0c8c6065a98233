"""The faster form of the convolutions: the same numbers. Needs torch, so it runs in the NeMo environment."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch")

from training.channels_last import use_channels_first, use_channels_last  # noqa: E402


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv1d(6, 6, 5, stride=2, padding=2, groups=6, bias=False),
        torch.nn.Conv1d(6, 8, 1, bias=False),
        torch.nn.BatchNorm1d(8),
        torch.nn.ReLU(inplace=True),
        torch.nn.Conv1d(8, 3, 3, padding=2, dilation=2),
    )


def test_outputs_gradients_and_statistics_stay_the_same() -> None:
    plain = network()
    fast = copy.deepcopy(plain)
    use_channels_last(fast)
    x = torch.randn(4, 6, 31)
    outputs = [net(x) for net in (plain, fast)]
    torch.testing.assert_close(*outputs)
    for output in outputs:
        output.square().sum().backward()
    for mine, other in zip(plain.parameters(), fast.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(plain.state_dict(), fast.state_dict())


def test_switching_back_restores_the_classes() -> None:
    net = network()
    classes = [type(module) for module in net.modules()]
    use_channels_last(net)
    use_channels_first(net)
    assert [type(module) for module in net.modules()] == classes
