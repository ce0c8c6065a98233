"""Phrases to favour, from `keywords` and from a prompt.

Recognition takes phrases with weights, not a text to continue: of a prompt only its names and terms are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tritone_client.recognition import MOST_PHRASES

LONGEST_TERM_WORDS = 3  # of an item in a list
_LONGEST_PHRASE = 100  # characters

_SENTENCE_END = re.compile(r"[.!?\u2026]+(?:\s+|$)")
_ITEM_END = re.compile(r"[,;:\n]+")
_SPOKEN = re.compile(r"[a-z']+(?: [a-z']+)*", re.IGNORECASE)


def boosted(
    prompt: str, keywords: Iterable[str], prompt_weight: float, keyword_weight: float
) -> dict[str, float]:
    """Return weights by phrase; the keywords come first where there are too many."""
    weights = {keyword.strip(): keyword_weight for keyword in keywords if keyword.strip()}
    if prompt_weight:
        for term in terms(prompt):
            if len(weights) < MOST_PHRASES:
                weights.setdefault(term, prompt_weight)
    return weights


def terms(prompt: str) -> Iterator[str]:
    """Yield the names and terms of a prompt.

    A list (short items between commas, semicolons or line ends) consists of terms. In sentences, words that
    are capitalised within the sentence are names, and those that follow each other are one. What is not
    spelled in English letters is left out.
    """
    sentences = [part for part in _SENTENCE_END.split(prompt) if part.strip()]
    items = [item for sentence in sentences for item in _ITEM_END.split(sentence) if item.strip()]
    is_list = len(sentences) < 2 and all(len(item.split()) <= LONGEST_TERM_WORDS for item in items)
    for found in items if is_list else _names(sentences):
        term = " ".join(found.replace("-", " ").replace("\u2019", "'").split()).strip("'\"")
        if _SPOKEN.fullmatch(term) and len(term) <= _LONGEST_PHRASE:
            yield term


def _names(sentences: Iterable[str]) -> Iterator[str]:
    for sentence in sentences:
        name: list[str] = []
        for word in sentence.split()[1:]:
            bare = word.strip("\"'()[],;:\u201c\u201d\u2018\u2019")
            if bare[:1].isupper() and not _is_first_person(bare):
                name.append(bare)
            if name and (not bare[:1].isupper() or _is_first_person(bare) or word[-1:] in ",;:)"):
                yield " ".join(name)
                name = []
        if name:
            yield " ".join(name)


def _is_first_person(word: str) -> bool:
    return re.split("['\u2019]", word)[0] == "I"
