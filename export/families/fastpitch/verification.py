"""The FastPitch graph and its symbols against NeMo: every utterance alone, then all in one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from export.onnx_graph import Graph
from export.synthesis.symbols_check import UTTERANCES, nemo_symbols, symbols_check
from export.verification import Array, Check, disagreement, max_abs, relative_l2

BABBLE_LENGTHS = (1, 2, 23)  # random symbols
PACES, PITCHES = (1.0, 0.7, 1.6), (0.0, 1.0, -1.5)  # for the utterances in turn


@dataclass(frozen=True)
class Prosody:
    """How an utterance is to be spoken."""

    pace: float
    pitch: float
    speaker: int


@dataclass(frozen=True)
class Spoken:
    """A spectrogram."""

    mel: Array  # (M, T) float32
    durations: Array  # (S,) frames of each symbol


def verify_fastpitch(model: Any, graph: Graph, tokenizer: Path) -> list[Check]:
    """Compare symbols, durations and spectrograms.

    Args:
        model: the NeMo FastPitchModel, in eval mode.
        graph: exported.
        tokenizer: folder with tokenizer.json and what belongs to it.
    """
    utterances = probe_utterances(model)
    speakers = getattr(model.fastpitch.speaker_emb, "num_embeddings", 1)
    prosody = [
        Prosody(PACES[index % len(PACES)], PITCHES[index % len(PITCHES)], index % speakers)
        for index in range(len(utterances))
    ]
    theirs = [nemo_spoken(model, *pair) for pair in zip(utterances, prosody, strict=True)]
    alone = [spoken(graph, [symbols], [how])[0] for symbols, how in zip(utterances, prosody, strict=True)]
    batch = spoken(graph, [*utterances, []], [*prosody, prosody[0]])[:-1]
    count = f"{len(utterances)} utterances, {sum(item.mel.shape[1] for item in theirs)} frames"
    return [
        symbols_check(model, tokenizer),
        Check(f"durations, {count}", "differing", differing(alone, theirs), 0.0),
        Check("mel", "relative L2", worst(relative_l2, alone, theirs), 1e-3),
        Check("durations, mixed batch against alone", "differing", differing(batch, alone), 0.0),
        Check("mel, mixed batch against alone", "max abs", worst(max_abs, batch, alone), 1e-3),
    ]


def probe_utterances(model: Any) -> list[list[int]]:
    """Utterances of words, and of random symbols."""
    generator = np.random.default_rng(1)
    known = len(model.vocab.tokens)
    babble = [generator.integers(0, known, length).tolist() for length in BABBLE_LENGTHS]
    return [*(nemo_symbols(model, text) for text in UTTERANCES), *babble]


@torch.no_grad()
def nemo_spoken(model: Any, symbols: Sequence[int], how: Prosody) -> Spoken:
    """NeMo's spectrogram of one utterance."""
    several = model.fastpitch.speaker_emb is not None
    mel, _, durations, *_ = model.fastpitch.infer(
        text=torch.tensor([symbols]),
        pitch=torch.full((1, len(symbols)), how.pitch),
        pace=how.pace,
        speaker=torch.tensor([how.speaker]) if several else None,
    )
    # As NeMo's length regulator rounds them.
    frames = np.floor(durations[0].numpy() / np.float32(how.pace) + np.float32(0.5))
    return Spoken(mel[0].numpy(), frames.astype(np.int64))


def spoken(graph: Graph, utterances: Sequence[Sequence[int]], prosody: Sequence[Prosody]) -> list[Spoken]:
    """Run utterances as one batch, padded to the longest; one may be empty."""
    symbols = np.full((len(utterances), max(map(len, utterances))), -1, np.int64)  # -1: must not be read
    pitch = np.full(symbols.shape, np.nan, np.float32)
    for row, tones, utterance, how in zip(symbols, pitch, utterances, prosody, strict=True):
        row[: len(utterance)] = utterance
        tones[: len(utterance)] = how.pitch
    inputs: Mapping[str, Array] = {
        "symbols": symbols,
        "symbols_length": np.array([[len(utterance)] for utterance in utterances]),
        "pace": np.array([[how.pace] for how in prosody], np.float32),
        "pitch": pitch,
        "speaker": np.array([[how.speaker] for how in prosody]),
    }
    wanted = {entry.name for entry in graph.session.get_inputs()}
    output = graph(**{name: array for name, array in inputs.items() if name in wanted})
    mel, length, durations = (output[name] for name in ("mel", "mel_length", "durations"))
    if not np.isfinite(mel).all():
        mel = np.full_like(mel, np.nan)  # the padding too: it must not have been read
    return [
        Spoken(row[:, : frames[0]], counts[: len(utterance)])
        for row, frames, counts, utterance in zip(mel, length, durations, utterances, strict=True)
    ]


def differing(measured: Sequence[Spoken], expected: Sequence[Spoken]) -> float:
    """Share of utterances whose durations differ."""
    return disagreement(*([item.durations.tolist() for item in side] for side in (measured, expected)))


def worst(distance: Any, measured: Sequence[Spoken], expected: Sequence[Spoken]) -> float:
    """The distance of the spectrograms that differ most; infinite where lengths differ."""
    return max(
        distance(ours.mel, theirs.mel) if ours.mel.shape == theirs.mel.shape else float("inf")
        for ours, theirs in zip(measured, expected, strict=True)
    )
