"""The baseline of the punctuation network: counts of neighbouring words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from training.passages import Word


class LookupBaseline:
    """Predicts the label that was most frequent in training for a pair of neighbouring words.

    An unseen pair falls back to the following word, then to the word itself, then to nothing. A capital
    follows every predicted end of a sentence, and words that are mostly written with one keep it.
    """

    def __init__(self, passages: Sequence[Sequence[Word]]) -> None:
        marks: dict[tuple[str | None, str | None], Counter[str]] = defaultdict(Counter)
        capitals: dict[str, Counter[str]] = defaultdict(Counter)
        for passage in passages:
            for previous, word, following in _neighbours(passage):
                for key in ((word.text, following), (None, following), (word.text, None)):
                    marks[key][word.punctuation] += 1
                if previous is not None and not previous.ends_sentence:
                    capitals[word.text][word.capital] += 1
        self.marks = {key: counts.most_common(1)[0][0] for key, counts in marks.items()}
        self.capitals = {word for word, counts in capitals.items() if counts.most_common(1)[0][0] == "U"}

    def predict(self, texts: Sequence[str]) -> list[Word]:
        """Label a whole transcript; its last word ends a sentence."""
        words: list[Word] = []
        for index, text in enumerate(texts):
            following = texts[index + 1] if index + 1 < len(texts) else None
            keys = ((text, following), (None, following), (text, None))
            mark = next((self.marks[key] for key in keys if key in self.marks), "O") if following else "."
            starts = not words or words[-1].ends_sentence
            words.append(Word(text, mark, "U" if starts or text in self.capitals else "O"))
        return words


def _neighbours(passage: Sequence[Word]) -> list[tuple[Word | None, Word, str | None]]:
    before = [None, *passage]
    after = [*(word.text for word in passage[1:]), None]
    return list(zip(before, passage, after, strict=False))
