"""Adjust a recogniser with random weights to output as much text as speech has.

Left alone, a deep random network answers nearly the same whatever it hears, and the punctuation model behind
it would get no text, or far too much.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

LETTERS_PER_S = 14.0  # of read English, spaces included
SPACES_PER_LETTER = 1 / 6
_DEVIATION = 3.0  # of a label's score over time, about a trained model's
_ROUNDS = 10  # more spaces leave fewer frames to other letters, so the biases settle together


def babble(model: Any, recordings: Path) -> None:
    """Change a model's weights until its letter and word rates are those of speech.

    Args:
        model: a NeMo EncDecCTCModel with random weights; changed in place.
        recordings: what it is to babble about, a folder.
    """
    import torch

    from export.recognition.recordings import load_recordings

    output = model.decoder.decoder_layers[0]
    labels = list(model.decoder.vocabulary)
    sample_rate_hz = int(model.cfg.sample_rate)
    clips = [recording.samples for recording in load_recordings(recordings, sample_rate_hz)]
    with torch.no_grad():
        normalise(model, clips)
        deviation = log_probs(model, clips).std(axis=0).mean()
        output.weight.mul_(_DEVIATION / deviation)
        letters = LETTERS_PER_S * sum(clip.size for clip in clips) / sample_rate_hz
        biases = babbling_biases(log_probs(model, clips), letters, labels.index(" "), len(labels))
        output.bias.add_(torch.from_numpy(biases))


def normalise(model: Any, clips: list[np.ndarray]) -> None:
    """Set the statistics of every BatchNorm to those of the clips, as training would."""
    import torch

    norms = [module for module in model.encoder.modules() if isinstance(module, torch.nn.BatchNorm1d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # plain average over the clips
        norm.train()
    log_probs(model, clips)
    for norm in norms:
        norm.eval()


def log_probs(model: Any, clips: list[np.ndarray]) -> np.ndarray:
    """Return (T, V) log-probabilities of all clips, concatenated."""
    import torch

    rows = []
    for clip in clips:
        samples = torch.from_numpy(clip)[None]
        scores, length, _ = model(input_signal=samples, input_signal_length=torch.tensor([samples.shape[1]]))
        rows.append(scores[0, : length[0]].numpy())
    return np.concatenate(rows)


def babbling_biases(scores: np.ndarray, letters: float, space: int, blank: int) -> np.ndarray:
    """Find what to add to random scores so that they spell a given amount of words.

    Args:
        scores: (T, V) log-probabilities.
        letters: how many labels they shall spell, spaces included.
        space: index of the label between words.
        blank: index of CTC's blank.

    Returns:
        (V,) float32.
    """
    biases = -scores.mean(axis=0)  # every letter occurs
    frames = letters  # that spell something; more than letters where neighbours repeat each other
    for _ in range(_ROUNDS):
        biases[blank] += bias_for_share(scores + biases, blank, 1 - frames / len(scores))
        biases[space] += bias_for_share(scores + biases, space, frames * SPACES_PER_LETTER / len(scores))
        frames *= letters / max(1, spelled(scores + biases, blank).size)
    return biases.astype(np.float32)


def bias_for_share(scores: np.ndarray, label: int, share: float) -> float:
    """Return what to add to one label's scores so that it is the best one in a share of the frames."""
    others = np.delete(scores, label, axis=1).max(axis=1)
    return float(np.quantile(others - scores[:, label], np.clip(share, 0, 1)))


def spelled(scores: np.ndarray, blank: int) -> np.ndarray:
    """Return the labels that (T, V) scores spell under CTC: the best ones, repeats and blanks left out."""
    best = scores.argmax(axis=1)
    new = np.concatenate(([True], best[1:] != best[:-1]))
    return best[new & (best != blank)]
