"""The Tacotron 2 graph and its symbols against NeMo: every utterance alone, then all in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from export.families.tacotron2.reference import Spectrogram, nemo_spectrogram
from export.onnx_graph import Graph
from export.synthesis.symbols_check import UTTERANCES, nemo_symbols, symbols_check
from export.verification import Array, Check, disagreement, max_abs, relative_l2

MOST_FRAMES = 400  # limit of an utterance here
# Random symbols are no speech: attention wanders endlessly, and amplifies rounding over a few hundred frames.
BABBLE_FRAMES = 80
BABBLE_LENGTHS = (1, 2, 23)  # symbols


def verify_tacotron2(model: Any, graph: Graph, coarse: Graph | None, tokenizer: Path) -> list[Check]:
    """Compare symbols, spectrograms and lengths.

    Args:
        model: the NeMo Tacotron2Model, in eval mode.
        graph: exported.
        coarse: its quantised variant.
        tokenizer: folder with tokenizer.json and what belongs to it.
    """
    utterances = probe_utterances(model)
    noise = probe_noise(model)
    theirs = [nemo_spectrogram(model, *pair) for pair in zip(utterances, noise, strict=True)]
    alone = spectrograms_alone(graph, utterances, noise)
    batch = spectrograms_together(graph, utterances, noise)
    count = f"{len(utterances)} utterances, {sum(item.mel_length for item in theirs)} frames"
    checks = [
        symbols_check(model, tokenizer),
        Check(f"lengths, {count}", "differing", disagreement(lengths(alone), lengths(theirs)), 0.0),
        Check("mel", "relative L2", worst(relative_l2, alone, theirs, "mel"), 1e-3),
        Check("alignment", "max abs", worst(max_abs, alone, theirs, "alignment"), 1e-3),
        Check("gate", "max abs", worst(max_abs, alone, theirs, "gate"), 1e-3),
        *batch_checks("", batch, alone),
    ]
    if coarse is not None:
        # Padded alike, as in serving: 8-bit activations turn a last bit that padding changes into a step.
        longest = max(map(len, utterances))
        coarse_alone = spectrograms_alone(coarse, utterances, noise, longest)
        coarse_batch = spectrograms_together(coarse, utterances, noise, longest)
        checks += [*batch_checks("int8 ", coarse_batch, coarse_alone), *coarse_checks(coarse_alone, alone)]
    return checks


def batch_checks(subject: str, batch: Sequence[Spectrogram], alone: Sequence[Spectrogram]) -> list[Check]:
    """A batch of mixed lengths against its utterances one by one."""
    error = max(worst(max_abs, batch, alone, field) for field in ("mel", "alignment", "gate"))
    return [Check(f"{subject}mel, alignment, gate: mixed batch against alone", "max abs", error, 1e-3)]


def coarse_checks(coarse: Sequence[Spectrogram], exact: Sequence[Spectrogram]) -> list[Check]:
    """The quantised graph against the float one; errors are reported without a tolerance."""
    differences = [abs(a.mel_length - b.mel_length) for a, b in zip(coarse, exact, strict=True)]
    shorter = [min(a.mel_length, b.mel_length) for a, b in zip(coarse, exact, strict=True)]
    errors = [
        relative_l2(a.mel[:, :frames], b.mel[:, :frames])
        for a, b, frames in zip(coarse, exact, shorter, strict=True)
    ]
    return [
        Check("int8 lengths against float", "frames at most", float(max(differences)), None),
        Check("int8 mel against float", "relative L2", max(errors), None),
    ]


def lengths(items: Sequence[Spectrogram]) -> list[int]:
    """Frames of each."""
    return [item.mel_length for item in items]


def worst(
    distance: Any, measured: Sequence[Spectrogram], expected: Sequence[Spectrogram], field: str
) -> float:
    """The distance of the pair that differs most."""
    return max(
        distance(getattr(a, field), getattr(b, field)) for a, b in zip(measured, expected, strict=True)
    )


def probe_utterances(model: Any) -> list[list[int]]:
    """Utterances of one symbol, of words, and of random symbols."""
    generator = np.random.default_rng(1)
    spoken = [nemo_symbols(model, text) for text in UTTERANCES]
    babble = [generator.integers(0, model.num_tokens, length).tolist() for length in BABBLE_LENGTHS]
    return [*spoken, *babble]


def probe_noise(model: Any) -> list[Array]:
    """Dropout for each of them, for its maximum number of steps."""
    frames = [MOST_FRAMES] * len(UTTERANCES) + [BABBLE_FRAMES] * len(BABBLE_LENGTHS)
    return [probe_dropout(model, seed, most) for seed, most in enumerate(frames)]


def probe_dropout(model: Any, seed: int, frames: int) -> Array:
    """Dropout (L, 2, P) for one utterance of at most a number of frames."""
    decoder = model.decoder
    steps = min(int(decoder.max_decoder_steps), frames // int(decoder.n_frames_per_step))
    draws = np.random.default_rng(seed).random((steps, 2, decoder.prenet_dim))
    return (draws >= decoder.prenet.p_dropout).astype(np.float32)


def spectrograms(
    graph: Graph, utterances: Sequence[Sequence[int]], noise: Sequence[Array], padded_to: int = 1
) -> list[Spectrogram]:
    """Run utterances as one batch, padded to the longest or further; one may be empty."""
    longest = max([padded_to, *map(len, utterances)])
    symbols = np.full((len(utterances), longest), -1, dtype=np.int64)  # not a symbol: must not be read
    for row, utterance in zip(symbols, utterances, strict=True):
        row[: len(utterance)] = utterance
    length = np.array([[len(utterance)] for utterance in utterances], dtype=np.int64)
    output = graph(symbols=symbols, symbols_length=length, dropout=np.stack(noise))
    if not all(np.isfinite(value).all() for value in output.values()):
        # The padding too: one wrong operator would carry a NaN from there into the row.
        output["mel"] = np.full_like(output["mel"], np.nan)
    mel, frames, alignment, gate = (output[name] for name in ("mel", "mel_length", "alignment", "gate"))
    per_step = mel.shape[2] // gate.shape[1]
    return [
        Spectrogram(
            mel=mel[row, :, : frames[row, 0]],
            mel_length=int(frames[row, 0]),
            alignment=alignment[row, : frames[row, 0] // per_step, : len(utterance)],
            gate=gate[row, : frames[row, 0] // per_step],
        )
        for row, utterance in enumerate(utterances)
    ]


def spectrograms_alone(
    graph: Graph, utterances: Sequence[Sequence[int]], noise: Sequence[Array], padded_to: int = 1
) -> list[Spectrogram]:
    """Run each utterance alone."""
    return [
        spectrograms(graph, [utterance], [dropout], padded_to)[0]
        for utterance, dropout in zip(utterances, noise, strict=True)
    ]


def spectrograms_together(
    graph: Graph, utterances: Sequence[Sequence[int]], noise: Sequence[Array], padded_to: int = 1
) -> list[Spectrogram]:
    """Run utterances in batches of equally many steps, with an empty one among them."""
    found = []
    for _, group in groupby(zip(utterances, noise, strict=True), key=lambda pair: len(pair[1])):
        spoken, dropout = zip(*group, strict=True)
        found += spectrograms(graph, [*spoken, []], [*dropout, dropout[0]], padded_to)[:-1]
    return found
