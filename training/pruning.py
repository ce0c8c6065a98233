"""Make a QuartzNet narrower: keep the channels of every layer that matter most to what follows.

    python -m training.pruning --nemo wide.nemo --config recipe.yaml --output narrow.nemo

A short training with the result as `initial` makes good what was cut. The two networks have the same layers.
"""

from __future__ import annotations

import argparse
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from nemo.collections.asr.models import EncDecCTCModel
from omegaconf import OmegaConf

from training.quartznet_layers import Layer, layers, residual

State = dict[str, torch.Tensor]


def rectified_power(mean: torch.Tensor, deviation: torch.Tensor) -> torch.Tensor:
    """Return the mean square of max(x, 0) of normally distributed x."""
    z = mean / deviation.clamp(min=1e-6)
    density = torch.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    below = 0.5 * (1 + torch.erf(z / math.sqrt(2)))
    return (mean**2 + deviation**2) * below + mean * deviation * density


class Pruning:
    """Cuts channels of a wide network's state until the shapes are those of a narrow one."""

    def __init__(self, wide: EncDecCTCModel, narrow: State) -> None:
        self.blocks = [(f"encoder.encoder.{i}", block) for i, block in enumerate(wide.encoder.encoder)]
        self.state = dict(wide.state_dict())
        self.target = narrow

    def __call__(self) -> State:
        """Return the narrow network's state."""
        for i, (name, block) in enumerate(self.blocks):
            path = list(layers(block, name))
            for layer, following in pairwise(path):
                self.narrow([layer], [following])
            self.narrow([path[-1], *residual(block, name)], self.readers(i + 1))
        return self.state

    def readers(self, i: int) -> list[Layer]:
        """Return the layers that read the input of a block; after the last block it is the decoder."""
        if i == len(self.blocks):
            return [Layer("decoder.decoder_layers.0.weight")]
        name, block = self.blocks[i]
        return [next(layers(block, name)), *residual(block, name)]

    def narrow(self, written: list[Layer], read: list[Layer]) -> None:
        """Keep the strongest of the channels that `written` layers add up to and `read` ones take."""
        count = self.target[written[0].pointwise].shape[0]
        power = self.power(written) * torch.stack([self.weight(layer) for layer in read]).sum(dim=0)
        kept = power.topk(count).indices.sort().values
        for layer in written:
            self.keep(layer.pointwise, kept)
            for field in ("weight", "bias", "running_mean", "running_var"):
                self.keep(f"{layer.normalisation}.{field}", kept)
        for layer in read:
            for name in layer.depthwise:
                self.keep(name, kept)
            self.keep(layer.pointwise, kept, dim=1)

    def power(self, written: list[Layer]) -> torch.Tensor:
        """Return the mean square of each rectified channel, as batch normalisation has it distributed."""
        names = [layer.normalisation for layer in written]
        mean = torch.stack([self.state[f"{name}.bias"] for name in names]).sum(dim=0)
        variance = torch.stack([self.state[f"{name}.weight"] for name in names]).square().sum(dim=0)
        return rectified_power(mean, variance.sqrt())

    def weight(self, layer: Layer) -> torch.Tensor:
        """Return the squared norm of what a layer multiplies each input channel with."""
        squares = self.state[layer.pointwise].square().sum(dim=(0, 2))
        for name in layer.depthwise:
            squares = squares * self.state[name].square().sum(dim=(1, 2))
        return squares

    def keep(self, name: str, kept: torch.Tensor, dim: int = 0) -> None:
        """Keep some channels of one tensor."""
        self.state[name] = self.state[name].index_select(dim, kept)


def prune(wide: EncDecCTCModel, config: Any) -> EncDecCTCModel:
    """Return a network of `config` (NeMo's `model` section) with the best channels of a wide one."""
    narrow = EncDecCTCModel(config)
    narrow.load_state_dict(Pruning(wide, narrow.state_dict())())
    return narrow


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Make a QuartzNet narrower.")
    parser.add_argument("--nemo", type=Path, required=True, help="the wide network")
    parser.add_argument("--config", type=Path, required=True, help="recipe with the narrow network")
    parser.add_argument("--output", type=Path, required=True, help="the narrow network's .nemo file")
    arguments = parser.parse_args()
    wide = EncDecCTCModel.restore_from(str(arguments.nemo), map_location="cpu")
    prune(wide, OmegaConf.load(arguments.config).model).save_to(str(arguments.output))


if __name__ == "__main__":
    main()
