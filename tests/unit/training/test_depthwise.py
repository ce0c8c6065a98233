"""The faster gradient of depthwise convolutions. Needs torch, so it runs in the NeMo environment."""

from __future__ import annotations

import shutil

import pytest

torch = pytest.importorskip("torch")

from training.channels_last import use_channels_last  # noqa: E402
from training.depthwise import is_fast, weight_gradient  # noqa: E402


def depthwise(**options: object) -> torch.nn.Conv1d:
    torch.manual_seed(0)
    settings = {"padding": 2, "groups": 6, "bias": False} | options
    return torch.nn.Conv1d(6, 6, 5, **settings)


@pytest.mark.parametrize(("batch", "frames"), [(3, 20), (1, 7), (2, 1)])
def test_weight_gradient_is_that_of_autograd(batch: int, frames: int) -> None:
    convolution = depthwise()
    x, gradient = torch.randn(2, batch, 6, frames)
    convolution(x).backward(gradient)
    own = weight_gradient(x.transpose(1, 2), gradient.transpose(1, 2), 5)
    torch.testing.assert_close(own, convolution.weight.grad.squeeze(1))


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
@pytest.mark.parametrize("half", [False, True])
def test_trained_layer_has_the_gradients_of_the_plain_one(half: bool) -> None:
    gradients = []
    for fast in (False, True):
        network = torch.nn.Sequential(depthwise(), torch.nn.Conv1d(6, 4, 1))
        if fast:
            use_channels_last(network)
            assert is_fast(network[0])
        torch.manual_seed(1)
        x = torch.randn(3, 6, 19, requires_grad=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            y = network(x)
        y.float().square().sum().backward()
        gradients.append([x.grad, *(parameter.grad for parameter in network.parameters())])
    for plain, fast_one in zip(*gradients, strict=True):
        assert fast_one.dtype == plain.dtype
        tolerance = 0.05 * plain.abs().max().item() if half else 1e-4
        torch.testing.assert_close(fast_one, plain, atol=tolerance, rtol=0)


@pytest.mark.parametrize(
    "options", [{"stride": 2}, {"dilation": 2}, {"padding": 0}, {"groups": 1}, {"bias": True}]
)
def test_other_convolutions_are_left_alone(options: dict[str, object]) -> None:
    assert not is_fast(depthwise(**options))
