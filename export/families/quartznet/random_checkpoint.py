"""A QuartzNet15x5 and a Citrinet-512 with random weights: for tests, and for measuring speed.

Layer by layer it is the published network, but nothing was trained: what it answers is noise, and only the
time that it takes means anything. The noise has as many letters and words per second as speech, so that the
punctuation after it gets work of a real size.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from export.random_weights import give_statistics
from export.recognition.random_pieces import WORDS, model_config, write_tokenizer

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


def citrinet512() -> list[dict[str, Any]]:
    """The layers of Citrinet-512 (Majumdar et al. 2021): 36 M parameters."""
    kernels = [range(11, 22, 2), range(13, 26, 2), range(25, 40, 2)]  # each group begins with a stride of two
    repeated = [
        block(
            512,
            kernel,
            repeat=5,
            residual=True,
            se=True,
            **({"stride": [2], "stride_last": True, "residual_mode": "stride_add"} if first else {}),
        )
        for group in kernels
        for first, kernel in zip([True, *[False] * len(group)], group, strict=False)
    ]
    return [block(512, 5, se=True), *repeated, block(640, 41, se=True)]


def citrinet_model(jasper: list[dict[str, Any]], tokenizer: Path) -> Any:
    """A NeMo EncDecCTCModelBPE with a Citrinet of random weights, and statistics as if it had seen data.

    Args:
        jasper: the encoder's blocks.
        tokenizer: folder of the tokenizer.
    """
    import torch
    from nemo.collections.asr.models import EncDecCTCModelBPE

    encoder = {"feat_in": 80, "activation": "relu", "conv_mask": True, "jasper": jasper}
    torch.manual_seed(1)
    target = "nemo.collections.asr.modules.ConvASREncoder"
    model = EncDecCTCModelBPE(cfg=model_config(encoder, tokenizer, target)).eval()
    give_statistics(model)
    return model


def write_citrinet(path: Path) -> None:
    """Write a Citrinet-512 with random weights, and a tokenizer of letters and common endings."""
    with tempfile.TemporaryDirectory() as folder:
        write_tokenizer(Path(folder), WORDS, pieces=128)
        citrinet_model(citrinet512(), Path(folder)).save_to(str(path))
