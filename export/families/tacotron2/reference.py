"""NeMo's own Tacotron 2 with given noise, item by item: the graph's reference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from export.verification import Array


@dataclass(frozen=True)
class Spectrogram:
    """The outputs for one utterance."""

    mel: Array  #: (M, T) float32
    mel_length: int  #: frames
    alignment: Array  #: (T/r, S) float32
    gate: Array  #: (T/r,) float32, probabilities


@contextmanager
def fed_dropout(decoder: Any, dropout: Array) -> Iterator[None]:
    """While active, the decoder's prenet uses given dropout, and the number of steps is limited to it.

    Args:
        decoder: NeMo's.
        dropout: (L, 2, P), 1 where a unit is kept.
    """
    prenet, rows = decoder.prenet, iter(torch.from_numpy(dropout))
    kept = 1.0 - prenet.p_dropout

    def forward(x: torch.Tensor, inference: bool = False) -> torch.Tensor:
        for linear, mask in zip(prenet.layers, next(rows), strict=True):
            x = linear(x).relu() * mask / kept
        return x

    before = (decoder.max_decoder_steps, decoder.early_stopping)
    prenet.forward = forward
    decoder.max_decoder_steps, decoder.early_stopping = len(dropout), True
    try:
        yield
    finally:
        del prenet.forward  # restores the class's method
        decoder.max_decoder_steps, decoder.early_stopping = before


@torch.no_grad()
def nemo_spectrogram(model: Any, symbols: list[int], dropout: Array) -> Spectrogram:
    """The outputs of a NeMo Tacotron2Model for one utterance.

    Its generate_spectrogram() keeps all frames of a single utterance, so their number is what counts here,
    not the length that the decoder returns beside them.
    """
    model.calculate_loss = False
    with fed_dropout(model.decoder, dropout):
        _, mel, gate, alignment, _ = model(
            tokens=torch.tensor([symbols]), token_len=torch.tensor([len(symbols)])
        )
    return Spectrogram(
        mel=mel[0].numpy(),
        mel_length=mel.shape[2],
        alignment=alignment[0].numpy(),
        gate=gate[0].sigmoid().numpy(),
    )
