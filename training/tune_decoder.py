"""Find the weights of the beam search on validation recordings, and write them into the decoder's config.

    python -m training.tune_decoder --data training/data/speech --write

The recogniser, its labels and its language model are those of the repository. One weight at a time is moved
through its values until none gets better. What counts is the mean of the corpora's word error rates, so that
a corpus of many recordings does not decide alone.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.evaluate import BATCH_CLIPS, graph_recognizer, group_of
from training.scoring import WordErrors
from training.shards import as_float, read_split
from tritone.recognition.beam_search import Width
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.decoder import BEAM, GREEDY, Choices, Decoder
from tritone.recognition.frames import Frames
from tritone.recognition.language_model import LanguageModel
from tritone.recognition.scoring import Weights
from tritone.recognition.settings import SearchSettings

PAUSE_S = 0.5
# Parameter of the config, field of Weights, its sign in the config, values to try.
GRID: tuple[tuple[str, str, int, tuple[float, ...]], ...] = (
    ("language_model_weight", "language_model", 1, (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)),
    ("word_bonus", "word", 1, (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)),
    ("unknown_word_penalty", "unknown", -1, (4.0, 8.0, 12.0, 16.0, 20.0)),
)


@dataclass(frozen=True)
class Clip:
    """A recording as the acoustic model hears it."""

    corpus: str
    text: str  # that was said
    log_probs: NDArray[np.float32]  # (T, V)


def hear(data: Path, repository: Path, split: str, every: int) -> list[Clip]:
    """Run the acoustic model over a split: all recordings of real people, every n-th synthetic one."""
    recognize = graph_recognizer(
        repository / "asr_features/1/model.onnx", repository / "asr_quartznet/1/model.onnx"
    )
    utterances = read_split(data, split)
    synthetic = [utterance for utterance in utterances if utterance.source == "synthetic"]
    chosen = [utterance for utterance in utterances if utterance.source != "synthetic"] + synthetic[::every]
    chosen.sort(key=lambda utterance: utterance.duration_s)
    clips = []
    for start in range(0, len(chosen), BATCH_CLIPS):
        batch = chosen[start : start + BATCH_CLIPS]
        heard = recognize([as_float(utterance.samples()) for utterance in batch])
        for utterance, log_probs in zip(batch, heard, strict=True):
            clips.append(Clip(corpus_of(group_of(utterance)), utterance.text, log_probs))
    return clips


def corpus_of(group: str) -> str:
    """Return the corpus of a row of `training.evaluate`'s table; all synthetic voices are one."""
    return group if group.startswith("real people") else f"synthetic{group[group.index(',') :]}"


def error_rates(clips: Sequence[Clip], decoder: Decoder, name: str) -> dict[str, WordErrors]:
    """Decode all recordings and sum the errors by corpus."""
    table: dict[str, WordErrors] = {}
    for clip in clips:
        words = decoder.decode(Frames(clip.log_probs), float("inf"), Choices(name)).words
        table.setdefault(clip.corpus, WordErrors()).add(clip.text, words.transcript)
    return table


def mean(table: dict[str, WordErrors]) -> float:
    """Return the mean of the corpora's word error rates."""
    return float(np.mean([errors.rate for errors in table.values()]))


def search(cost: Callable[[Weights], float], weights: Weights) -> Weights:
    """Move one weight at a time to its best value until none changes."""
    known: dict[Weights, float] = {}

    def cost_once(candidate: Weights) -> float:
        if candidate not in known:
            known[candidate] = cost(candidate)
            print(f"{known[candidate]:.2%}  {candidate}", flush=True)
        return known[candidate]

    while True:
        before = weights
        for _, field, sign, values in GRID:
            weights = min((replace(weights, **{field: sign * value}) for value in values), key=cost_once)
        if weights == before:
            return weights


def write_weights(config: Path, weights: Weights) -> None:
    """Write the weights into a config.pbtxt, and change nothing else."""
    text = config.read_text(encoding="utf-8")
    for name, field, sign, _ in GRID:
        value = f"{sign * getattr(weights, field):g}"
        pattern = rf'(key: "{name}" value: \{{ string_value: )"[^"]*"'
        text, count = re.subn(pattern, rf'\1"{value}"', text)
        if count != 1:
            raise ValueError(f"{config}: expected one parameter {name}, got {count}.")
    config.write_text(text, encoding="utf-8")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Find the weights of the beam search on validation data.")
    parser.add_argument("--data", type=Path, default=Path("training/data/speech"))
    parser.add_argument("--split", default="validation", choices=("validation", "test"))
    parser.add_argument("--repository", type=Path, default=Path("model_repository"))
    parser.add_argument("--every", type=int, default=8, help="take every n-th synthetic clip")
    parser.add_argument("--beam-width", type=int, default=Width().prefixes)
    parser.add_argument("--write", action="store_true", help="write the weights into the decoder's config")
    arguments = parser.parse_args()
    folder = arguments.repository / "asr_ctc_decoder/1"
    ctc, model = CtcDecoder.load(folder / "ctc.json", PAUSE_S), LanguageModel.beside(folder)
    if model is None:
        parser.error(f"{folder}: expected a language model; make one with `make language-model`")
    clips = hear(arguments.data, arguments.repository, arguments.split, arguments.every)
    width = Width(arguments.beam_width)

    def table(weights: Weights, name: str = BEAM) -> dict[str, WordErrors]:
        return error_rates(clips, Decoder(ctc, model, SearchSettings(weights, width, PAUSE_S)), name)

    best = (
        search(lambda weights: mean(table(weights)), Weights())
        if arguments.split == "validation"
        else Weights()
    )
    greedy, searched = table(best, GREEDY), table(best)
    print(f"\n{best}\n\n| speech | words | greedy | with the language model |\n|---|---|---|---|")
    for corpus in sorted(greedy):
        print(
            f"| {corpus} | {greedy[corpus].words} | {greedy[corpus].rate:.1%} | {searched[corpus].rate:.1%} |"
        )
    if arguments.write:
        write_weights(folder.parent / "config.pbtxt", best)


if __name__ == "__main__":
    main()
