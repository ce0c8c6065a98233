"""FastPitches with random weights: of the published size for measuring speed, small ones for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from export.synthesis.random_mel import FEATURES, MEL

_TRANSFORMER = "nemo.collections.tts.modules.transformer"


def transformer(**changes: Any) -> dict[str, Any]:
    """Settings of either transformer of tts_en_fastpitch (46 M parameters), but for what is changed."""
    return {
        "n_layer": 6,
        "n_head": 1,
        "d_model": 384,
        "d_head": 64,
        "d_inner": 1536,
        "kernel_size": 3,
        "dropout": 0.1,
        "dropatt": 0.1,
        **changes,
    }


def spectrogram_model(settings: dict[str, Any], mels: int = 80, filters: int = 256, **changes: Any) -> Any:
    """A NeMo FastPitchModel that reads letters, with random weights and durations of some frames.

    Args:
        settings: of both transformers.
        mels: bands of a frame.
        filters: of the predictors.
        changes: of the model's configuration, e.g. n_speakers.
    """
    import torch
    from nemo.collections.tts.models import FastPitchModel
    from omegaconf import OmegaConf

    width = settings["d_model"]
    predictor = {
        "_target_": "nemo.collections.tts.modules.fastpitch.TemporalPredictor",
        "input_size": width,
        "kernel_size": 3,
        "filter_size": filters,
        "dropout": 0.1,
        "n_layers": 2,
    }
    config = {
        "learn_alignment": True,
        "n_speakers": 1,
        "symbols_embedding_dim": width,
        "pitch_embedding_kernel_size": 3,
        "max_token_duration": 75,
        "n_mel_channels": mels,
        "train_ds": {
            "defer_setup": True,
            "dataset": {"_target_": "nemo.collections.tts.data.dataset.TTSDataset", "max_duration": 12.0},
        },
        "text_tokenizer": {
            "_target_": "nemo.collections.common.tokenizers.text_to_speech.tts_tokenizers"
            ".EnglishCharsTokenizer",
            "punct": True,
            "apostrophe": True,
            "pad_with_space": True,
        },
        "preprocessor": {"_target_": FEATURES, **MEL, "nfilt": mels, "log_zero_guard_type": "add"},
        "alignment_module": {
            "_target_": "nemo.collections.tts.modules.aligner.AlignmentEncoder",
            "n_mel_channels": mels,
            "n_text_channels": width,
        },
        "input_fft": {
            "_target_": f"{_TRANSFORMER}.FFTransformerEncoder",
            "d_embed": width,
            **settings,
        },
        "output_fft": {"_target_": f"{_TRANSFORMER}.FFTransformerDecoder", **settings},
        "duration_predictor": predictor,
        "pitch_predictor": dict(predictor),
        **changes,
    }
    torch.manual_seed(1)
    model = FastPitchModel(cfg=OmegaConf.create(config)).eval()
    for module in model.modules():
        # NeMo initialises these to zeros and ones: a mistake there would not show otherwise.
        if isinstance(module, torch.nn.LayerNorm) and module.elementwise_affine:
            torch.nn.init.uniform_(module.weight, 0.8, 1.2)
            torch.nn.init.normal_(module.bias, std=0.1)
    with torch.no_grad():
        out = model.fastpitch.duration_predictor.fc
        out.weight.mul_(0.5)
        out.bias.fill_(1.8)  # log(frames + 1): about five frames a symbol
    return model


def write(path: Path) -> None:
    """Write a FastPitch of the published size."""
    spectrogram_model(transformer()).save_to(str(path))
