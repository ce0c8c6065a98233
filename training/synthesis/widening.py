"""Write a network with fewer encoder channels into NeMo's Tacotron2Model, whose embedding has 512, and back.

The channels that the network lacks are zero for every input: their convolutions, normalisations and LSTM
units have no weights and no bias, so both compute the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from training.synthesis.network import Network

NORMALISATION_EPS = 1e-5  # of torch's batch normalisation


def _halves(narrow: int, wide: int) -> Tensor:
    """Return the positions of both directions' LSTM channels among the wide ones."""
    return torch.cat((torch.arange(narrow // 2), wide // 2 + torch.arange(narrow // 2)))


def _gates(narrow: int, wide: int) -> Tensor:
    """Return the positions of an LSTM's four gates' rows among the wide ones."""
    return torch.cat([gate * wide + torch.arange(narrow) for gate in range(4)])


def _places(network: Network, wide_channels: int) -> Callable[[str, Tensor], tuple[Any, ...]]:
    """Return a function that tells where a parameter of the network lies in its wide form."""
    narrow_channels = network.text_embedding.embedding_dim
    channels = torch.arange(narrow_channels)
    memory = _halves(narrow_channels, wide_channels)
    gates = _gates(narrow_channels // 2, wide_channels // 2)
    units = torch.arange(narrow_channels // 2)
    prenet, hidden = network.decoder.prenet_dim, network.decoder.attention_rnn_dim
    after_prenet = torch.cat((torch.arange(prenet), prenet + memory))
    after_hidden = torch.cat((torch.arange(hidden), hidden + memory))
    after_decoder = torch.cat(
        (torch.arange(network.decoder.decoder_rnn_dim), network.decoder.decoder_rnn_dim + memory)
    )
    columns = {
        "text_embedding.weight": channels,
        "decoder.attention_rnn.weight_ih": after_prenet,
        "decoder.attention_layer.memory_layer.linear_layer.weight": memory,
        "decoder.decoder_rnn.weight_ih": after_hidden,
        "decoder.linear_projection.linear_layer.weight": after_decoder,
        "decoder.gate_layer.linear_layer.weight": after_decoder,
    }

    def place(name: str, value: Tensor) -> tuple[Any, ...]:
        if name.startswith("encoder.lstm.weight"):
            return gates[:, None], channels if "_ih_" in name else units
        if name.startswith("encoder.lstm.bias"):
            return (gates,)
        if name.startswith("encoder.convolutions") and value.dim() == 3:
            return channels[:, None], channels
        if name.startswith("encoder.convolutions") and value.dim() == 1:
            return (channels,)
        return (slice(None), columns[name]) if name in columns else (...,)

    return place


def widened(network: Network, wide: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the network's parameters in the shapes of `wide`, a Tacotron2Model's state.

    Raises:
        ValueError: the shapes differ in more than the encoder's channels.
    """
    place = _places(network, wide["text_embedding.weight"].shape[1])
    result = {}
    for name, value in folded(network.state_dict()).items():
        target = torch.zeros_like(wide[name])
        if name.startswith("encoder.convolutions") and name.endswith("running_var"):
            target.fill_(1.0)
        where = place(name, value)
        _check_shape(name, target[where], value)
        target[where] = value
        result[name] = target
    return result


def narrowed(network: Network, wide: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the state of a Tacotron2Model that `widened` wrote in the shapes of the network.

    Raises:
        ValueError: the shapes differ in more than the encoder's channels.
    """
    place = _places(network, wide["text_embedding.weight"].shape[1])
    result = {}
    for name, value in network.state_dict().items():
        result[name] = wide[name][place(name, value)].clone()
        _check_shape(name, value, result[name])
    return result


def _check_shape(name: str, expected: Tensor, got: Tensor) -> None:
    if expected.shape != got.shape:
        raise ValueError(
            f"{name}: expected {tuple(expected.shape)}, got {tuple(got.shape)}; "
            "only the encoder's channels may differ."
        )


def folded(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Merge every batch normalisation into the convolution before it, leaving one that changes nothing.

    Weights that are then rounded stay rounded in whatever folds the normalisation itself.
    """
    state = dict(state)
    for norm in [name.removesuffix(".running_var") for name in state if name.endswith(".running_var")]:
        conv = norm.removesuffix(".1") + ".0.conv"
        scale = state[f"{norm}.weight"] * (state[f"{norm}.running_var"] + NORMALISATION_EPS).rsqrt()
        bias = (state[f"{conv}.bias"] - state[f"{norm}.running_mean"]) * scale + state[f"{norm}.bias"]
        state[f"{conv}.weight"] = state[f"{conv}.weight"] * scale[:, None, None]
        state[f"{conv}.bias"] = bias
        state[f"{norm}.running_mean"] = torch.zeros_like(bias)
        state[f"{norm}.running_var"] = torch.full_like(bias, 1 - NORMALISATION_EPS)
        state[f"{norm}.weight"], state[f"{norm}.bias"] = torch.ones_like(bias), torch.zeros_like(bias)
    return state


def write_into(nemo: Any, network: Network) -> None:
    """Give a Tacotron2Model the network's weights, rounded to half precision so that they compress well."""
    state = nemo.state_dict()
    for name, value in widened(network, state).items():
        state[name] = value.half().float() if value.dim() > 1 else value
    nemo.load_state_dict(state)
