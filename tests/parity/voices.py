"""Small Tacotron 2 and WaveGlow checkpoints with random weights, and the command that exports them."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

from export import __main__ as command
from export.families.tacotron2 import random_checkpoint as tacotron2_random
from export.families.waveglow import random_checkpoint as waveglow_random
from export.synthesis import random_mel

MEL = {
    **random_mel.MEL,
    "sample_rate": 16000,
    "nfilt": 20,
    "n_fft": 512,
    "n_window_size": 400,
    "pad_value": -11.5,
}
DECODER = {
    **tacotron2_random.DECODER,
    "attention_dim": 12,
    "attention_location_n_filters": 4,
    "attention_location_kernel_size": 7,
    "attention_rnn_dim": 24,
    "decoder_rnn_dim": 20,
    "prenet_dim": 16,
    "max_decoder_steps": 150,
}
WAVEGLOW = {
    "n_flows": 5,
    "n_group": 8,
    "n_early_every": 2,
    "n_early_size": 2,
    "n_wn_channels": 16,
    "n_wn_layers": 3,
    "wn_kernel_size": 3,
}
LABELS = [" ", "!", "'", ",", ".", "?", *"abcdefghijklmnopqrstuvwxyz"]
DICTIONARY = """\
A  AH0
A(1)  EY1
DOG  D AO1 G
HELLO  HH AH0 L OW1
IT'S  IH1 T S
JANE  JH EY1 N
LEAD  L EH1 D
READ  R EH1 D
WORLD  W ER1 L D
"""


def tacotron2(tokenizer: Any = None, mel: dict[str, Any] = MEL, **decoder: Any) -> Any:
    """A Tacotron2Model whose encoder uses few of its 512 channels."""
    model = tacotron2_random.tacotron2_model(
        tokenizer or tacotron2_random.characters(), mel, {**DECODER, **decoder}, postnet_channels=16
    )
    tacotron2_random.narrow_encoder(model, 32)
    return model


def waveglow(mel: dict[str, Any] = MEL, folded: bool = True, **changes: Any) -> Any:
    """A WaveGlowModel, with the conditioning of the fast graph or with NeMo's."""
    model = waveglow_random.waveglow_model(mel, {**WAVEGLOW, **changes})
    if folded:
        waveglow_random.fold_conditioning(model)
    return model


def saved(model: Any, path: Path, compressed: bool = False) -> Path:
    """Save a model as a checkpoint."""
    model.save_to(str(path))
    if compressed:
        plain = path.rename(path.with_suffix(".plain"))
        with plain.open("rb") as source, gzip.open(path, "wb", compresslevel=1) as target:
            shutil.copyfileobj(source, target)
    return path


def run(repository: Path, *paths: Path, expected: int = 0, options: tuple[str, ...] = ()) -> None:
    """Export checkpoints by the command."""
    given = [*map(str, paths), "--repository", str(repository), "--threads", "2", *options]
    assert command.main(given) == expected
