"""What the demo voice reads: clauses of books, everyday phrases, numbers, letters and single words.

Whatever is generated here belongs to one split, by a hash of its text, so that what a test asks for was never
heard in training. Books are split by `training.corpus`.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from training.corpus import DIGITS, Sentence, expand, number_words, speakable

LONGEST_CHARACTERS = 72
LETTERS = "bcdefghijklmnopqrstuvwxyz"  # the dictionary reads "a" as the article
KINDS = ("sentence", "long sentence", "number", "letters", "word")
LONG_CHARACTERS = 55

# Shares of the utterances beside those of the books.
PHRASES_SHARE, NUMBERS_SHARE, LETTERS_SHARE, WORDS_SHARE = 0.08, 0.06, 0.04, 0.08

_DROPPED = re.compile(r"[\"“”()\[\]{}*_]|(?<![A-Za-z])'|'(?![A-Za-z])")
_DASHES = re.compile(r"\s*(?:--+|[\u2013\u2014])\s*")
_NUMBER_WORDS = frozenset(word for n in (*range(21), *range(30, 100, 10)) for word in number_words(n).split())
_NUMBER_WORDS |= {"hundred", "thousand"}


def utterances(text: str) -> Iterator[str]:
    """Cut a row into utterances: sentences where they are short, else clauses.

    Rows without a mark at the end, which the corpus cut inside a sentence, get a comma.
    """
    text = _DROPPED.sub("", _DASHES.sub(", ", expand(text)))
    for sentence in re.findall(r"[^.?!;:]+[.?!;:]*", text):
        for piece in [sentence] if len(sentence) <= LONGEST_CHARACTERS else re.findall(r"[^,]+,?", sentence):
            words = " ".join(piece.split())
            mark = next((mark for mark in "?!." if mark in words[-3:]), ",")
            words = words.strip(" ,.?!;:")
            if re.search("[A-Za-z]", words) and len(words) < LONGEST_CHARACTERS:
                yield words + mark


def kind_of(text: str) -> str:
    """Return one of KINDS."""
    words = re.findall(r"[a-z']+", text.lower())
    if all(word in _NUMBER_WORDS for word in words):
        return "number"
    if all(len(word) == 1 for word in words):
        return "letters"
    if len(words) == 1:
        return "word"
    return "long sentence" if len(text) > LONG_CHARACTERS else "sentence"


def split_of(text: str) -> str:
    """Return the split of a generated text: 1 in 20 is for validation, 1 in 20 for the test."""
    return {0: "validation", 1: "test"}.get(zlib.crc32(text.lower().encode()) % 20, "train")


def spoken_number(randomness: random.Random) -> str:
    """Write a number: of several digits, or as digits read one by one."""
    if randomness.random() < 0.5:
        return f"{number_words(randomness.randrange(10 ** randomness.randint(1, 6)))}."
    digits = (randomness.choice(DIGITS) for _ in range(randomness.randint(2, 8)))
    paced = [digit + ("," if randomness.random() < 0.3 else "") for digit in digits]
    return " ".join(paced).rstrip(",") + "."


def spelled_letters(randomness: random.Random) -> str:
    """Write letters to be read one by one, such as initials."""
    letters = [randomness.choice(LETTERS).upper() for _ in range(randomness.randint(2, 6))]
    return ", ".join(letters) + "."


_PATTERNS = (
    "{greeting}, {name}.",
    "{greeting}, this is {name} speaking.",
    "{ask} {act}?",
    "{ask} {act}, please?",
    "I will {act} {when}.",
    "Please {act} {when}.",
    "Don't forget to {act}.",
    "Your {thing} is {state}.",
    "Is the {thing} {state}?",
    "The {thing} will be {state} {when}.",
    "It is {hour} {minute}.",
    "The meeting starts at {hour} {minute} {when}.",
    "Turn {side} after {count} miles.",
    "There are {count} messages for {name}.",
    "That costs {count} dollars and {cents} cents.",
    "Thank you, {name}, the {thing} is {state}.",
    "I'm sorry, I didn't find the {thing}.",
    "What time does the {thing} arrive {when}?",
    "{name} lives at number {count}, {street} Street.",
    "The weather {when} is {weather}, with {count} degrees.",
)
_CHOICES = {
    "greeting": "Hello|Hi|Good morning|Good afternoon|Good evening|Welcome|"
    "Nice to meet you|Thanks for calling",
    "name": "Anna|Michael|Sarah|David|Emma|James|Laura|Peter|Susan|Daniel|Julia|Robert|Karen|Thomas",
    "ask": "Could you|Can you|Would you|Shall I|Do you want to|Can we",
    "act": "open the window|call me back|send the report|play some music|set an alarm|book a table for two|"
    "turn off the lights|check the weather|buy milk and bread|wait a moment|read the message|"
    "start the engine|close the door|change the password|order a taxi|say that again|write it down",
    "when": "today|tomorrow|tonight|this afternoon|on Monday|on Tuesday|on Wednesday|on Thursday|on Friday|"
    "next week|in the morning|after lunch|at noon|on the third of March|in September",
    "thing": "package|train|order|coffee|computer|ticket|doctor|bus|flight|printer|dinner|battery|phone|bill",
    "state": "ready|late|on time|almost empty|on its way|"
    "not available|in the kitchen|cancelled|very good|here",
    "side": "left|right",
    "street": "Main|Oak|Church|Bridge|Queen|Market|River|Park",
    "weather": "sunny|cloudy|cold and windy|warm|rainy|foggy",
    "hour": "|".join(number_words(hour) for hour in range(1, 13)),
    "minute": "fifteen|thirty|forty five|o'clock|ten|twenty|oh five",
    "cents": "|".join(number_words(cents) for cents in range(5, 100, 5)),
}
_OPTIONS = {name: options.split("|") for name, options in _CHOICES.items()}


def phrase(randomness: random.Random) -> str:
    """Write a phrase of everyday life."""
    filling = {name: randomness.choice(options) for name, options in _OPTIONS.items()}
    count = number_words(randomness.randrange(2, 100))
    return randomness.choice(_PATTERNS).format(**filling, count=count)


def _generated(make: Callable[[random.Random], str], split: str, randomness: random.Random) -> Iterator[str]:
    """Make different texts of a split, without end."""
    seen: set[str] = set()
    while True:
        text = make(randomness)
        if text not in seen and len(text) <= LONGEST_CHARACTERS and split_of(text) == split:
            seen.add(text)
            yield text


def texts_of(
    sentences: Iterable[Sentence], split: str, count: int, readable: Callable[[str], bool]
) -> list[str]:
    """Choose utterances of every kind, in an order of their own.

    Args:
        sentences: of all splits.
        split: one of `training.corpus.SPLITS`.
        count: how many to choose, all together.
        readable: whether a text can be read; the others are left out.
    """
    randomness = random.Random(split)
    own = [sentence for sentence in sentences if sentence.split == split and speakable(sentence.text)]
    found = sorted({text for sentence in own for text in utterances(sentence.text)})
    words = sorted({word.lower() for text in found for word in re.findall(r"[A-Za-z']{2,}", text)})
    alone = (f"{word.capitalize()}." for word in randomness.sample(words, len(words)))
    randomness.shuffle(found)
    kinds: list[tuple[float, Iterable[str]]] = [
        (PHRASES_SHARE, _generated(phrase, split, randomness)),
        (NUMBERS_SHARE, _generated(spoken_number, split, randomness)),
        (LETTERS_SHARE, _generated(spelled_letters, split, randomness)),
        (WORDS_SHARE, (word for word in alone if split_of(word) == split)),
    ]
    chosen = []
    for share, texts in kinds:
        chosen += list(islice(filter(readable, texts), round(share * count)))
    chosen += list(islice(filter(readable, found), count - len(chosen)))
    randomness.shuffle(chosen)
    return chosen
