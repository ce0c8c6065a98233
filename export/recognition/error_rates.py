"""Word error rates of a recogniser's variants, and how many words a coarser one may lose."""

from __future__ import annotations

from collections.abc import Mapping

from export.verification import Check

LOST = 0.02  # of the words: more than this, and a coarser variant is not worth its speed
FEWEST_LOST = 2  # words; fewer are chance in a short set of recordings
RECOGNISED = 0.5  # a rate above this says nothing: recordings in another language, or untrained weights


def rate_checks(rates: Mapping[str, float], recordings: int, words: int) -> list[Check]:
    """The word error rates of variants, and what each coarser one loses.

    Args:
        rates: by variant, in [0, 1] or above; the exact one first.
        recordings: how many have a text.
        words: in these texts.
    """
    count = f"{recordings} recordings with text"
    checks = [Check(f"{name}, {count}", "word error rate", rate, None) for name, rate in rates.items()]
    (exact, best), *coarser = rates.items()
    allowed = max(LOST, FEWEST_LOST / max(1, words)) if best <= RECOGNISED else None
    return checks + [
        Check(f"{name} against {exact}", "word error rate, added", rate - best, allowed)
        for name, rate in coarser
    ]
