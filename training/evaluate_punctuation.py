"""Precision, recall and F1 of a punctuation checkpoint, beside a baseline that counts words.

    python -m training.evaluate_punctuation --nemo training/checkpoints/punctuation_bert_small_en.nemo \\
        --text sentences.tsv training/data/books.tsv
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.corpus import read_sentences
from training.lookup import LookupBaseline
from training.passages import Word, read_passages

PASSAGE_WORDS = 120  # a passage ends with the first sentence after this length
NAMES = {",": "comma", ".": "full stop", "?": "question mark", "U": "capital"}
# Turns transcripts into labelled words.
Restorer = Callable[[Sequence[Sequence[str]]], list[list[Word]]]


@dataclass
class Score:
    """Decisions about one label."""

    right: int = 0  # predicted and true
    predicted: int = 0
    true: int = 0

    @property
    def precision(self) -> float:
        """Share of the predicted that is true."""
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of the true that is predicted."""
        return self.right / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.predicted + self.true
        return 2 * self.right / both if both else 0.0


def score(truth: Sequence[Sequence[Word]], prediction: Sequence[Sequence[Word]]) -> dict[str, Score]:
    """Compare labels word by word."""
    scores = {name: Score() for name in NAMES.values()}
    for true_words, predicted_words in zip(truth, prediction, strict=True):
        for true, predicted in zip(true_words, predicted_words, strict=True):
            for mine, other in ((true.punctuation, predicted.punctuation), (true.capital, predicted.capital)):
                if mine in NAMES:
                    scores[NAMES[mine]].true += 1
                if other in NAMES:
                    scores[NAMES[other]].predicted += 1
                    scores[NAMES[other]].right += mine == other
    return scores


def parse(text: str) -> list[Word]:
    """Read the labels off restored text, whose words are separated by spaces."""
    words = []
    for token in text.split():
        bare = token.rstrip(",.?")
        words.append(Word(bare.lower(), token[len(bare) :][:1] or "O", "U" if bare[:1].isupper() else "O"))
    return words


def transcripts(passages: Sequence[Sequence[Word]]) -> Iterator[list[Word]]:
    """Cut running passages into pieces of whole sentences, as long as a recording of a minute."""
    for passage in passages:
        piece: list[Word] = []
        for word in passage:
            piece.append(word)
            if len(piece) >= PASSAGE_WORDS and word.ends_sentence:
                yield piece
                piece = []


def nemo_restorer(path: Path) -> Restorer:
    """Load a .nemo file and restore as NeMo does, in overlapping windows."""
    from training.nemo_bert import restore_model

    model = restore_model(path).eval()

    def restore(queries: Sequence[Sequence[str]]) -> list[list[Word]]:
        texts = model.add_punctuation_capitalization([" ".join(query) for query in queries], batch_size=16)
        return [parse(text) for text in texts]

    return restore


def markdown(scores: dict[str, dict[str, Score]]) -> str:
    """Format the scores of several systems."""
    rows = ["| label | system | true | precision | recall | F1 |", "|---|---|---|---|---|---|"]
    for name in NAMES.values():
        for system, table in scores.items():
            s = table[name]
            rows.append(f"| {name} | {system} | {s.true} | {s.precision:.3f} | {s.recall:.3f} | {s.f1:.3f} |")
    return "\n".join(rows)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Score a punctuation checkpoint beside a baseline.")
    parser.add_argument("--nemo", type=Path, required=True)
    parser.add_argument("--text", type=Path, nargs="+", required=True, help="the corpus files of training")
    parser.add_argument("--split", default="test", choices=("validation", "test"))
    parser.add_argument("--output", type=Path, help="JSON file for the scores")
    parser.add_argument("--show", type=int, default=0, help="print the first n restored passages")
    arguments = parser.parse_args()

    restore = nemo_restorer(arguments.nemo)
    corpora = {path: read_sentences(path) for path in arguments.text}
    baseline = LookupBaseline(
        [p for sentences in corpora.values() for p in read_passages(sentences, "train")]
    )
    results = {}
    for path, sentences in corpora.items():
        truth = list(transcripts(read_passages(sentences, arguments.split)))
        queries = [[word.text for word in passage] for passage in truth]
        restored = restore(queries)
        scores = {
            "network": score(truth, restored),
            "baseline": score(truth, [baseline.predict(query) for query in queries]),
        }
        print(f"\n{path.stem}: {len(truth)} passages, {sum(map(len, truth))} words\n\n{markdown(scores)}")
        for words in restored[: arguments.show]:
            print(" ".join(_written(word) for word in words))
        results[path.stem] = {
            system: {
                name: {"precision": s.precision, "recall": s.recall, "f1": s.f1, "true": s.true}
                for name, s in table.items()
            }
            for system, table in scores.items()
        }
    if arguments.output:
        arguments.output.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def _written(word: Word) -> str:
    text = word.text.capitalize() if word.capital == "U" else word.text
    return text if word.punctuation == "O" else text + word.punctuation


if __name__ == "__main__":
    main()
