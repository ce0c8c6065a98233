"""Checkpoints with random weights, for measuring speed at sizes that are too large for the repository.

    python -m perf.checkpoints quartznet15x5 OUT.nemo
    python -m perf.checkpoints bert OUT.nemo

Run it in the NeMo environment. The networks are the published ones layer by layer, but nothing was trained:
what they answer is noise, and only the time they take means anything. The recogniser's noise has as many
letters and words per second as speech, so that the punctuation model behind it gets work of a real size.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RECORDINGS = Path("demo/recordings")
LABELS = [" ", *"abcdefghijklmnopqrstuvwxyz", "'"]
SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
BERT_BASE = {
    "model_type": "bert",
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 512,
}


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
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            torch.nn.init.normal_(module.running_mean, std=0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.8, 1.2)
            torch.nn.init.normal_(module.bias, std=0.1)
    # Logits as far apart as a trained model's: near-equal ones would hide every error behind the softmax.
    with torch.no_grad():
        encoded, _ = model.encoder(audio_signal=torch.randn(1, 64, 400), length=torch.tensor([400]))
        output = model.decoder.decoder_layers[0]
        output.weight.mul_(3.0 / output(encoded).std())
    return model


def vocabulary(size: int) -> list[str]:
    """WordPiece tokens: the special ones, letters, digits, punctuation, pieces of two and three letters."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    single = [*letters, *"0123456789", *"'-.,?!$%&()/:;"]
    pairs = [a + b for a in letters for b in letters]
    pieces = [*single, *(f"##{letter}" for letter in single), *pairs, *(f"##{pair}" for pair in pairs)]
    pieces += [a + b for a in pairs for b in letters] + [f"##{a}{b}" for a in pairs for b in letters]
    return (SPECIAL_TOKENS + pieces)[:size]


def save_punctuation_model(encoder: dict[str, Any], vocabulary_size: int, path: Path) -> None:
    """Write a NeMo PunctuationCapitalizationModel with random weights.

    Args:
        encoder: a BertConfig or DistilBertConfig as a dictionary, without vocab_size.
        vocabulary_size: tokens.
        path: the .nemo file.
    """
    import torch
    from nemo.collections.nlp.models import PunctuationCapitalizationModel
    from omegaconf import OmegaConf

    from export.punctuation.archive_only import archive_only

    tokens = vocabulary(vocabulary_size)
    with tempfile.TemporaryDirectory() as folder:
        vocabulary_file = Path(folder) / "vocab.txt"
        vocabulary_file.write_text("\n".join(tokens) + "\n", encoding="utf-8")
        encoder_file = Path(folder) / "encoder.json"
        encoder_file.write_text(json.dumps({**encoder, "vocab_size": len(tokens)}), encoding="utf-8")
        name = f"{encoder['model_type']}-base-uncased"
        head = {"num_fc_layers": 1, "fc_dropout": 0.1, "activation": "relu", "use_transformer_init": True}
        config = {
            "class_labels": {
                "punct_labels_file": "punct_labels.csv",
                "capit_labels_file": "capit_labels.csv",
            },
            "common_dataset_parameters": {
                "pad_label": "O",
                "ignore_extra_tokens": False,
                "ignore_start_end": True,
                "punct_label_ids": {"O": 0, ",": 1, ".": 2, "?": 3},
                "capit_label_ids": {"O": 0, "U": 1},
                "label_vocab_dir": None,
            },
            "train_ds": None,
            "validation_ds": None,
            "test_ds": None,
            "punct_head": head,
            "capit_head": head,
            "tokenizer": {
                "tokenizer_name": name,
                "vocab_file": str(vocabulary_file),
                "tokenizer_model": None,
                "special_tokens": None,
            },
            "language_model": {
                "pretrained_model_name": name,
                "config_file": str(encoder_file),
                "config": None,
                "lm_checkpoint": None,
            },
            "optim": None,
        }
        torch.manual_seed(1)
        with archive_only():
            model = PunctuationCapitalizationModel(cfg=OmegaConf.create(config)).eval()
            model.save_to(str(path))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m perf.checkpoints", description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=("quartznet15x5", "bert"))
    parser.add_argument("output", type=Path)
    given = parser.parse_args(arguments)
    from export.nemo_environment import prepare

    prepare()
    given.output.parent.mkdir(parents=True, exist_ok=True)
    if given.kind == "quartznet15x5":
        from perf.babble import babble

        model = recognition_model(quartznet15x5())
        babble(model, RECORDINGS)
        model.save_to(str(given.output))
    else:
        save_punctuation_model(BERT_BASE, 30522, given.output)
    print(
        f"wrote {given.output} ({given.output.stat().st_size / 1e6:.1f} MB), random weights: for speed only"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
