"""N-gram language models: interpolated modified Kneser-Ney (Chen and Goodman 1999), pruned by entropy.

All n-grams of one order are kept as arrays sorted by key: the index of their first words among the n-grams of
the order below, times the size of the vocabulary, plus the last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BEGIN, END, UNKNOWN = "<s>", "</s>", "<unk>"
_BEGIN, _END, _UNKNOWN = 0, 1, 2  # their numbers
_NEVER = 1e-99  # probability of the beginning of a sentence, which is given and never predicted
_SMALLEST = 1e-30  # keeps quotients finite where rounding leaves no mass
_FALLBACK = (0.5, 1.0, 1.5)  # discounts where a text is too small or too uniform to estimate them

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Order:
    """The n-grams of one length, sorted; one entry each."""

    prefix: Integers  # index of the words but the last, in the order below
    word: Integers  # last word
    suffix: Integers  # index of the words but the first, in the order below
    seen: Integers  # occurrences in the text
    probability: Floats  # of the last word after the others
    backoff: Floats  # weight of the order below after this n-gram; 1 where nothing follows

    def __len__(self) -> int:
        return len(self.word)


@dataclass(frozen=True)
class NGramModel:
    """A language model: its words, and the n-grams from single words upwards."""

    words: tuple[str, ...]
    orders: tuple[Order, ...]

    def spelled(self, order: int) -> list[str]:
        """Return the n-grams of an order (1: single words) as text."""
        texts = [self.words[index] for index in self.orders[0].word]
        for grams in self.orders[1:order]:
            pairs = zip(grams.prefix.tolist(), grams.word.tolist(), strict=True)
            texts = [f"{texts[prefix]} {self.words[word]}" for prefix, word in pairs]
        return texts


def estimate(sentences: Iterable[Sequence[str]], order: int) -> NGramModel:
    """Estimate a model from sentences, which are its independent stretches of words.

    Args:
        sentences: the words of each.
        order: words of the longest n-grams, 1 or more.

    Raises:
        ValueError: there is no word in the text.
    """
    words, text, left = _numbered(sentences)
    grams = _count(text, left, len(words), order)
    counts = [
        _continuations(grams, index) if index + 1 < order else grams[index].seen for index in range(order)
    ]
    counts[0] = np.where(grams[0].word == _BEGIN, 0, counts[0])
    below = np.full(len(words), 1 / (len(words) - 1))  # every word alike, but never the beginning
    estimated: list[Order] = []
    for index, (gram, count) in enumerate(zip(grams, counts, strict=True)):
        contexts = 1 if index == 0 else len(grams[index - 1])
        discount = _discounts(count)[np.minimum(count, 3)]
        total = np.bincount(gram.prefix, count, minlength=contexts)
        free = np.bincount(gram.prefix, discount, minlength=contexts) / np.maximum(total, 1)
        kept = (count - discount) / np.maximum(total[gram.prefix], 1)
        probability = kept + free[gram.prefix] * below[gram.suffix if index else gram.word]
        if index == 0:
            probability[_BEGIN] = _NEVER
        else:
            estimated[-1] = _with(estimated[-1], backoff=np.where(total > 0, free, 1.0))
        estimated.append(_with(gram, probability=probability))
        below = probability
    return NGramModel(words, tuple(estimated))


def prune(model: NGramModel, most: int) -> NGramModel:
    """Keep the n-grams whose loss would change the model most, by relative entropy (Stolcke 1998).

    How often a context occurs is taken from the text, as the lower orders of Kneser-Ney models don't tell
    (Chelba et al. 2010). All single words stay, and whatever a kept n-gram starts or ends with.

    Args:
        model: as `estimate` returns it.
        most: n-grams to keep of two words and more, besides those that longer ones need.
    """
    orders = model.orders
    if sum(map(len, orders[1:])) <= most:
        return model
    losses = [_losses(orders[index - 1], orders[index]) for index in range(1, len(orders))]
    least = np.partition(np.concatenate(losses), -most)[-most] if most else np.inf
    kept = [np.ones(len(orders[0]), bool), *(loss >= least for loss in losses)]
    for index in range(len(orders) - 1, 1, -1):
        needed = orders[index]
        kept[index - 1][needed.prefix[kept[index]]] = True
        kept[index - 1][needed.suffix[kept[index]]] = True
    return NGramModel(model.words, tuple(_weighted(_select(orders, kept))))


def _numbered(sentences: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], Integers, Integers]:
    """Return the vocabulary, the text in its numbers, and how many words are left in each one's sentence."""
    numbers = {BEGIN: _BEGIN, END: _END, UNKNOWN: _UNKNOWN}
    text: list[int] = []
    lengths: list[int] = []
    for sentence in sentences:
        if sentence:
            text += [_BEGIN, *(numbers.setdefault(word, len(numbers)) for word in sentence), _END]
            lengths.append(len(sentence) + 2)
    if not text:
        raise ValueError("text: expected sentences, got none; give one sentence a line.")
    length = np.array(lengths)
    left = np.repeat(np.cumsum(length), length) - np.arange(length.sum())
    return tuple(numbers), np.array(text), left


def _count(text: Integers, left: Integers, words: int, order: int) -> list[Order]:
    """Return the n-grams up to an order with their counts."""
    ones, none = np.ones(words), np.zeros(words, np.int64)
    seen = np.bincount(text, minlength=words)
    orders = [Order(none, np.arange(words), none, seen, ones, ones)]
    index = text  # of the n-gram that starts at each word of the text
    for n in range(2, order + 1):
        start = np.flatnonzero(left >= n)
        key = index[start] * words + text[start + n - 1]
        unique, first, inverse, seen = np.unique(
            key, return_index=True, return_inverse=True, return_counts=True
        )
        ones = np.ones(len(unique))
        orders.append(Order(unique // words, unique % words, index[start[first] + 1], seen, ones, ones))
        index = np.full(len(text), -1)
        index[start] = inverse
    return orders


def _continuations(grams: Sequence[Order], index: int) -> Integers:
    """Return how many different words precede each n-gram; occurrences where it begins a sentence."""
    preceded = np.bincount(grams[index + 1].suffix, minlength=len(grams[index]))
    return np.where(_first_words(grams, index) == _BEGIN, grams[index].seen, preceded)


def _first_words(grams: Sequence[Order], index: int) -> Integers:
    first = np.arange(len(grams[index]))
    for order in range(index, 0, -1):
        first = grams[order].prefix[first]
    return grams[0].word[first]


def _discounts(count: Integers) -> Floats:
    """Return what is taken off counts of 0, 1, 2, and 3 or more."""
    n1, n2, n3, n4 = (int((count == times).sum()) for times in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return np.array([0.0, *_FALLBACK])
    y = n1 / (n1 + 2 * n2)
    estimates = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
    if not all(0 < estimate < times for times, estimate in enumerate(estimates, start=1)):
        return np.array([0.0, *_FALLBACK])
    return np.array([0.0, *estimates])


def _losses(below: Order, grams: Order) -> Floats:
    """Return the relative entropy between the model and the model without each n-gram alone."""
    lower = below.probability[grams.suffix]
    kept, kept_lower = _masses(below, grams)
    backoff = below.backoff[grams.prefix]
    free = 1 - kept[grams.prefix]
    without = (free + grams.probability) / np.maximum(1 - kept_lower[grams.prefix] + lower, _SMALLEST)
    change = np.log(np.maximum(without, _SMALLEST)) - np.log(np.maximum(backoff, _SMALLEST))
    gain = np.log(np.maximum(without * lower, _SMALLEST)) - np.log(grams.probability)
    losses: Floats = -below.seen[grams.prefix] * (grams.probability * gain + free * change)
    return losses


def _masses(below: Order, grams: Order) -> tuple[Floats, Floats]:
    """Return the probability of all words listed after each context, and what the order below gives them."""
    values = (grams.probability, below.probability[grams.suffix])
    kept, lower = (np.bincount(grams.prefix, value, minlength=len(below)).astype(float) for value in values)
    return kept, lower


def _select(orders: Sequence[Order], kept: Sequence[Flags]) -> list[Order]:
    """Return the kept n-grams, renumbered."""
    selected = [orders[0]]
    for index in range(1, len(orders)):
        new = np.cumsum(kept[index - 1]) - 1  # index of every kept n-gram of the order below
        grams, mask = orders[index], kept[index]
        selected.append(
            Order(
                new[grams.prefix[mask]],
                grams.word[mask],
                new[grams.suffix[mask]],
                grams.seen[mask],
                grams.probability[mask],
                grams.backoff[mask],
            )
        )
    return selected


def _weighted(orders: Sequence[Order]) -> list[Order]:
    """Set the weights of lower orders so that all probabilities after a context sum to one."""
    weighted = list(orders)
    for index in range(len(orders) - 1):
        kept, lower = _masses(weighted[index], weighted[index + 1])
        follows = kept > 0
        backoff = np.where(follows, (1 - kept) / np.maximum(1 - lower, _SMALLEST), 1.0)
        weighted[index] = _with(weighted[index], backoff=np.maximum(backoff, 0.0))
    return [*weighted[:-1], _with(weighted[-1], backoff=np.ones(len(weighted[-1])))]


def _with(order: Order, **fields: Floats) -> Order:
    return Order(**{**order.__dict__, **fields})
