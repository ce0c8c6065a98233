"""WaveGlow with random weights: for tests, and for speed at the published size (87.9 M parameters)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from export.synthesis.random_mel import FEATURES, MEL

WAVEGLOW = {
    "n_flows": 12,
    "n_group": 8,
    "n_early_every": 4,
    "n_early_size": 2,
    "n_wn_channels": 256,
    "n_wn_layers": 8,
    "wn_kernel_size": 3,
}


def waveglow_model(mel: Mapping[str, Any] = MEL, waveglow: Mapping[str, Any] = WAVEGLOW) -> Any:
    """A NeMo WaveGlowModel with random weights whose coupling layers are not identities."""
    import torch
    from nemo.collections.tts.models import WaveGlowModel
    from omegaconf import OmegaConf

    config = {
        "sigma": 1.0,
        "preprocessor": {"_target_": FEATURES, **mel},
        "waveglow": {
            "_target_": "nemo.collections.tts.modules.waveglow.WaveGlowModule",
            "n_mel_channels": mel["nfilt"],
            **waveglow,
        },
    }
    torch.manual_seed(2)
    model = WaveGlowModel(cfg=OmegaConf.create(config)).eval()
    for wavenet in model.waveglow.wavenet:  # zero at NeMo's initialisation
        torch.nn.init.normal_(wavenet.end.weight, std=0.02)
        torch.nn.init.normal_(wavenet.end.bias, std=0.02)
    with torch.no_grad():  # a trained flow maps the small values of speech to a deviation of one
        model.waveglow.convinv[0].conv.weight.mul_(10.0)
    return model


def fold_conditioning(model: Any, taps: int = 3) -> None:
    """Make the conditioning a convolution over frames, interpolated linearly between them.

    Of every group of samples only the first `taps` carry anything: mel frames, each shifted by one frame and
    interpolated at the group's place between two. The coupling layers read only these.
    """
    import torch

    module = model.waveglow
    mels, group, hop = module.n_mel_channels, module.n_group, module.upsample.stride[0]
    columns = hop // group
    weight = torch.zeros_like(module.upsample.weight).view(mels, mels, -1, columns, group)
    place = torch.arange(columns) / columns
    diagonal = torch.arange(mels)
    with torch.no_grad():
        for tap in range(taps):
            weight[diagonal, diagonal, tap + 1, :, tap] = 1 - place
            weight[diagonal, diagonal, tap, :, tap] = place
        module.upsample.weight.copy_(weight.view(mels, mels, -1))
        module.upsample.bias.zero_()
        for wavenet in module.wavenet:
            conditioning = wavenet.cond_layer.weight_v
            by_sample = conditioning.view(len(conditioning), mels, group)
            by_sample[..., taps:] = 0.0
            wavenet.cond_layer.weight_g.copy_(conditioning.norm(dim=(1, 2), keepdim=True))


def write(path: Path) -> None:
    """Write a model of 88 M parameters."""
    waveglow_model().save_to(str(path))
