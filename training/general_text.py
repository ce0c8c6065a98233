"""The text of the bundled language model: sentences of every corpus, without those of any test.

    python -m training.general_text --text sentences.tsv training/data/books.tsv \\
        --references librispeech_train_clean_100_references.tsv.gz --shards training/data/speech \\
        --held-out training/data/speech/held_out.tsv --manifests demo/recordings/manifest.jsonl

A sentence is left out if it shares eight words in a row with a held-out one, or is one of them. With
`--novels` (output of `training.novels`) the corpora are repeated, as novels have twenty times as many words.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from training.corpus import DIGITS, number_words, read_sentences, spell
from training.digits import spoken_numbers
from training.shards import read_manifest

SHARED_WORDS = 8  # in a row, that two sentences don't share by chance
SPOKEN_NUMBERS = 3000
SINGLE_DIGITS = 200  # of each: people say them alone more often than books have them
NUMBER_SEED = 0
# How often the corpora and the numbers are written where there are novels, which would outweigh them.
CORPUS_COPIES = 3
NUMBER_COPIES = 5


def held_out_sentences(
    texts: Iterable[Path], held_out: Path | None, manifests: Iterable[Path]
) -> Iterator[str]:
    """Yield the spelled sentences that tests and validation use."""
    for path in texts:
        yield from (spell(row.text) for row in read_sentences(path) if row.split != "train")
    if held_out:
        yield from (
            line.rsplit("\t", 1)[-1] for line in held_out.read_text(encoding="utf-8").splitlines()[1:]
        )
    for path in manifests:
        yield from (spell(json.loads(line)["text"]) for line in path.read_text(encoding="utf-8").splitlines())


def training_sentences(texts: Iterable[Path], references: Path | None, shards: Path | None) -> Iterator[str]:
    """Yield the spelled sentences of the training data, several rows of the same book apart."""
    for path in texts:
        yield from (spell(row.text) for row in read_sentences(path) if row.split == "train")
    if references:
        with gzip.open(references, "rt", encoding="utf-8") as file:
            yield from (spell(line.split("\t", 1)[1]) for line in file)
    if shards:
        for manifest in sorted((shards / "train").glob("real_*.jsonl")):
            yield from (clip.text for clip in read_manifest(manifest))


def read_novels(path: Path, known: set[str]) -> list[str]:
    """Return the sentences of novels that are not known, each once: editions of one novel may repeat it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in dict.fromkeys(lines) if line not in known]


def numbers(count: int, seed: int) -> Iterator[str]:
    """Yield strings of digits, and numbers in words."""
    randomness = random.Random(seed)
    yield from DIGITS * SINGLE_DIGITS
    yield from (spell(text) for text in spoken_numbers(count, randomness))
    for _ in range(count // 3):
        yield number_words(randomness.randrange(10 ** randomness.randint(2, 5)))


class HeldOut:
    """Finds the sentences that give away part of a held-out one."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self._sentences = set(sentences)
        self._runs = {run for sentence in self._sentences for run in _runs(sentence)}

    def reveals(self, sentence: str) -> bool:
        """Whether a sentence is held out, or shares SHARED_WORDS words in a row with one that is.

        Sentences of one or two words are commands and numbers, which many speakers say.
        """
        same = sentence in self._sentences and len(sentence.split()) > 2
        return same or any(run in self._runs for run in _runs(sentence))


def _runs(sentence: str) -> Iterator[str]:
    words = sentence.split()
    for start in range(len(words) - SHARED_WORDS + 1):
        yield " ".join(words[start : start + SHARED_WORDS])


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Collect the text of the bundled language model.")
    parser.add_argument(
        "--text", type=Path, nargs="+", default=[], help="corpora as training.prepare reads them"
    )
    parser.add_argument(
        "--references", type=Path, help="id and text of LibriSpeech's training recordings, .tsv.gz"
    )
    parser.add_argument(
        "--shards", type=Path, help="output of training.real_speech: texts of its training split"
    )
    parser.add_argument("--held-out", type=Path, help="held_out.tsv of training.real_speech")
    parser.add_argument("--manifests", type=Path, nargs="+", default=[], help="further recordings for tests")
    parser.add_argument("--novels", type=Path, help="further sentences, spelled, one a line")
    parser.add_argument("--output", type=Path, default=Path("training/data/general_en.txt"))
    arguments = parser.parse_args()
    held_out = HeldOut(held_out_sentences(arguments.text, arguments.held_out, arguments.manifests))
    corpora = list(training_sentences(arguments.text, arguments.references, arguments.shards))
    novels = read_novels(arguments.novels, set(corpora)) if arguments.novels else []
    kept, kept_novels = (
        [sentence for sentence in sentences if sentence and not held_out.reveals(sentence)]
        for sentences in (corpora, novels)
    )
    given, left = len(corpora) + len(novels), len(kept) + len(kept_novels)
    print(f"{given - left} of {given} sentences left out, as tests have them or parts of them")
    corpus_copies, number_copies = (CORPUS_COPIES, NUMBER_COPIES) if novels else (1, 1)
    spoken = list(numbers(SPOKEN_NUMBERS, NUMBER_SEED))
    lines = [*kept_novels, *kept * corpus_copies, *spoken * number_copies]
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
