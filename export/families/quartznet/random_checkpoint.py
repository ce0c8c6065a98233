"""A QuartzNet15x5 with random weights: for tests, and for measuring speed.

Layer by layer it is the published network, but nothing was trained: what it answers is noise, and only the
time that it takes means anything. The noise has as many letters and words per second as speech, so that the
punctuation after it gets work of a real size.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from export.random_weights import give_statistics

RECORDINGS = Path("demo/recordings")
LABELS = [" ", *"abcdefghijklmnopqrstuvwxyz", "'"]


def block(filters: int, kernel: int, repeat: int = 1, **changes: Any) -> dict[str, Any]:
    """One entry of NeMo's jasper list."""
    entry = {"filters": filters, "repeat": repeat, "kernel": [kernel], "stride": [1], "dilation": [1]}
    return {**entry, "dropout": 0.0, "residual": False, "separable": True, **changes}


def quartznet15x5() -> list[dict[str, Any]]:
    """The layers of QuartzNet15x5 (Kriman et al. 2019, table 1): 18.9 M parameters."""
    groups = [(256, 33), (256, 39), (512, 51), (512, 63), (512, 75)]
    residual = [
        block(filters, kernel, repeat=5, residual=True) for filters, kernel in groups for _ in range(3)
    ]
    return [
        block(256, 33, stride=[2]),
        *residual,
        block(512, 87, dilation=[2]),
        block(1024, 1, separable=False),
    ]


def recognition_model(jasper: list[dict[str, Any]], **encoder: Any) -> Any:
    """A NeMo EncDecCTCModel with random weights, and statistics as if it had seen data.

    Args:
        jasper: the encoder's blocks.
        encoder: further settings of ConvASREncoder.
    """
    import torch
    from nemo.collections.asr.models import EncDecCTCModel
    from omegaconf import OmegaConf

    modules = "nemo.collections.asr.modules"
    config = {
        "sample_rate": 16000,
        "labels": LABELS,
        "preprocessor": {
            "_target_": f"{modules}.AudioToMelSpectrogramPreprocessor",
            "sample_rate": 16000,
            "window_size": 0.02,
            "window_stride": 0.01,
            "features": 64,
            "n_fft": 512,
            "dither": 1e-5,
            "pad_to": 16,
        },
        "encoder": {
            "_target_": f"{modules}.ConvASREncoder",
            "feat_in": 64,
            "activation": "relu",
            "conv_mask": True,
            "jasper": jasper,
            **encoder,
        },
        "decoder": {
            "_target_": f"{modules}.ConvASRDecoder",
            "feat_in": jasper[-1]["filters"],
            "num_classes": len(LABELS),
            "vocabulary": LABELS,
        },
    }
    torch.manual_seed(1)
    model = EncDecCTCModel(cfg=OmegaConf.create(config)).eval()
    give_statistics(model)
    # Logits as far apart as a trained model's: the softmax would hide errors of near-equal ones.
    with torch.no_grad():
        encoded, _ = model.encoder(audio_signal=torch.randn(1, 64, 400), length=torch.tensor([400]))
        output = model.decoder.decoder_layers[0]
        output.weight.mul_(3.0 / output(encoded).std())
    return model


def write(path: Path) -> None:
    """Write a QuartzNet15x5 with random weights."""
    from export.families.quartznet.babble import babble

    model = recognition_model(quartznet15x5())
    babble(model, RECORDINGS)
    model.save_to(str(path))
