"""Labelled words for punctuation and capitalisation, and windows of running text cut from them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from training.corpus import DIGITS, Sentence, expand, spell

PUNCTUATION = ("O", ",", ".", "?")  # what follows a word; O is nothing
CAPITALS = ("O", "U")  # whether the first letter is upper case

SENTENCE_START_SHARE = 0.6  # of windows
SENTENCE_END_SHARE = 0.85  # of windows with the end of a sentence in them

_MEANING = {";": ",", ":": ",", "-": ",", "!": ".", "…": "."}
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*'?", re.UNICODE)


@dataclass(frozen=True)
class Word:
    """A spoken word and its labels."""

    text: str  # in the characters of the acoustic model
    punctuation: str = "O"  # one of PUNCTUATION
    capital: str = "O"  # one of CAPITALS

    @property
    def ends_sentence(self) -> bool:
        """Whether a full stop or question mark follows."""
        return self.punctuation in ".?"


def label(text: str) -> list[Word]:
    """Split written text into spoken words with labels.

    Semicolon, colon and dash become a comma, the exclamation mark a full stop. The points of initials and
    the hyphen inside a word are no punctuation. Numbers are written out.
    """
    text = expand(text)
    matches = [m for m in _WORD.finditer(text) if spell(m[0])]
    starts = [*(match.start() for match in matches[1:]), len(text)]
    words = []
    for match, following_start in zip(matches, starts, strict=False):
        gap = text[match.end() : following_start]
        is_initial = re.fullmatch("[B-HJ-NP-Z]", match[0]) and gap.startswith(".")
        mark = "O" if is_initial and following_start < len(text) else _mark(gap)
        words.append(Word(spell(match[0]), mark, "U" if match[0][0].isupper() else "O"))
    return words


def _mark(gap: str) -> str:
    """Choose the label of the marks between two words: the strongest one that isn't a quote or bracket."""
    gap = re.sub(r"\s-+\s|--+|[\u2013\u2014]", " ; ", gap).replace("-", " ")
    marks = {_MEANING.get(character, character) for character in gap}
    return next((mark for mark in "?.," if mark in marks), "O")


def read_passages(sentences: Iterable[Sentence], split: str) -> list[list[Word]]:
    """Join the rows of each book that belong to a split into one running passage."""
    chosen = (s for s in sentences if s.split == split)
    return [
        [word for sentence in group for word in label(sentence.text)]
        for _, group in groupby(chosen, key=lambda s: s.book)
    ]


class Windows:
    """Random windows of running text.

    Most of them start where a sentence does and end where one does, as a whole transcript would; the others
    start and end anywhere, as the overlapping windows of a long transcript do. NeMo drops what it predicts
    near the cut ends of those, so the network may well expect a window to end with a sentence.
    """

    def __init__(self, passages: Sequence[Sequence[Word]], question_share: float, digit_share: float) -> None:
        self.passages = passages
        self.question_share = question_share
        self.digit_share = digit_share
        self.starts = [(p, i) for p, words in enumerate(passages) for i in range(len(words))]
        self.sentence_starts = [(p, i) for p, i in self.starts if i == 0 or passages[p][i - 1].ends_sentence]
        self.questions = [(p, i) for p, i in self.starts if passages[p][i].punctuation == "?"]

    def draw(self, longest: int, randomness: random.Random) -> list[Word]:
        """Cut a window of at most `longest` words."""
        if randomness.random() < self.digit_share:
            return digit_string(randomness)
        length = randomness.randint(3, longest) if randomness.random() < 0.3 else longest
        if self.questions and randomness.random() < self.question_share:
            passage, index = randomness.choice(self.questions)
            start = max(index - randomness.randrange(length), 0)
            if randomness.random() < SENTENCE_START_SHARE:
                start = self._sentence_start(passage, start, index)
        else:
            at_sentence = randomness.random() < SENTENCE_START_SHARE
            passage, start = randomness.choice(self.sentence_starts if at_sentence else self.starts)
        window = list(self.passages[passage][start : start + length])
        ends = [i for i, word in enumerate(window) if word.ends_sentence]
        if not ends or randomness.random() >= SENTENCE_END_SHARE:
            return window
        return window[: randomness.choice([ends[-1], randomness.choice(ends)]) + 1]

    def _sentence_start(self, passage: int, start: int, stop: int) -> int:
        """Return the first sentence start in a range of words, or its first word when there is none."""
        words = self.passages[passage]
        return next((i for i in range(start, stop) if i == 0 or words[i - 1].ends_sentence), start)


def digit_string(randomness: random.Random) -> list[Word]:
    """Write a string of digits the way a transcript of one should look."""
    texts = [randomness.choice(DIGITS) for _ in range(randomness.randint(1, 10))]
    words = [Word(text) for text in texts]
    words[0] = Word(texts[0], words[0].punctuation, "U")
    words[-1] = Word(texts[-1], ".", words[-1].capital)
    return words
