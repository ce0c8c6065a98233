"""HiFi-GANs with random weights: of the published size for measuring speed, small ones for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from export.synthesis.random_mel import FEATURES, MEL


def generator(**changes: Any) -> dict[str, Any]:
    """Generator settings of tts_en_hifigan (HiFi-GAN V1, 14 M parameters), but for what is changed."""
    return {
        "resblock": 1,
        "upsample_rates": [8, 8, 2, 2],
        "upsample_kernel_sizes": [16, 16, 4, 4],
        "upsample_initial_channel": 512,
        "resblock_kernel_sizes": [3, 7, 11],
        "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
        **changes,
    }


def vocoder_model(settings: dict[str, Any], mels: int = 80) -> Any:
    """A NeMo HifiGanModel with random weights of a trained model's loudness.

    Args:
        settings: of the generator.
        mels: bands of a frame.
    """
    import torch
    from nemo.collections.tts.models import HifiGanModel
    from omegaconf import OmegaConf

    hop = 1
    for rate in settings["upsample_rates"]:
        hop *= rate
    config = {
        "preprocessor": {"_target_": FEATURES, **MEL, "nfilt": mels, "n_window_stride": hop},
        "generator": {
            "_target_": "nemo.collections.tts.modules.hifigan_modules.Generator",
            "initial_input_size": mels,
            **settings,
        },
        "train_ds": {
            "defer_setup": True,
            "dataset": {"_target_": "nemo.collections.tts.data.dataset.VocoderDataset"},
        },
    }
    torch.manual_seed(1)
    model = HifiGanModel(cfg=OmegaConf.create(config)).eval()
    for module in model.generator.modules():
        if isinstance(module, (torch.nn.Conv1d, torch.nn.ConvTranspose1d)):
            # NeMo starts at weights of 0.01, whose sound is below rounding.
            torch.nn.init.kaiming_normal_(module.weight_v, a=0.1)
            module.weight_g.data = module.weight_v.norm(dim=(1, 2), keepdim=True)
    return model


def write(path: Path) -> None:
    """Write a HiFi-GAN of the published size."""
    vocoder_model(generator()).save_to(str(path))
