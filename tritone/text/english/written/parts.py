"""The text of a token word by word, each with the number of spoken words that it stands for."""

from __future__ import annotations

import re

from .grammar import Token
from .lexicon import MONTHS, UNIT_SYMBOLS

# Fields that become one written word together; others become one each.
_TOGETHER = {
    "time": (("hour", "minute", "second"), ("noon",), ("zone",)),
    "measure": (("negative", "value", "numerator", "denominator"), ("units",)),
    "money": (("value", "decimal"), ("quantity", "currency")),
    "decimal": (("negative", "integer_part", "fractional_part"), ("quantity",)),
}

_ZEROS = {"million": 6, "billion": 9, "trillion": 12}

Part = tuple[str, int]  # written text, count of spoken words


def parts(token: Token, text: str, spoken: int) -> list[Part]:
    """Split the written text of a token.

    Args:
        token: whose fields say which words became what.
        text: as the grammar writes it.
        spoken: count of the words that it stands for, at least those of the token; any before them count for the
            first part.

    Returns:
        The written words in order. If they do not match the token's fields one by one, the text is a single part,
        with spaces in it.
    """
    written = _closed_up(token.kind, _shortened(token, text)).split()
    counts = _counts(token)
    if len(written) != len(counts):
        return [(" ".join(written), spoken)]
    counts[0] += spoken - len(token.words)
    return list(zip(written, counts, strict=True))


def _magnitude(token: Token) -> str:
    """Return the million or the like at the end of a number that the grammar does not split itself; else ""."""
    name = {"cardinal": "integer", "money": "value"}.get(token.kind, "")
    last = token.spoken.get(name, [""])[-1]
    return last if last in _ZEROS and "quantity" not in token.fields else ""


def _shortened(token: Token, text: str) -> str:
    """Write $150 million rather than $150000000."""
    magnitude = _magnitude(token)
    if not magnitude:
        return text
    return re.sub(rf"0{{{_ZEROS[magnitude]}}}$", f" {magnitude}", text)


def _counts(token: Token) -> list[int]:
    fields = token.spoken
    if _magnitude(token):
        after = len(fields.get("currency", ()))
        return [len(token.words) - 1 - after, 1 + after]
    groups = _TOGETHER.get(token.kind) or tuple((name,) for name in fields)
    counts = [sum(len(fields.get(name, ())) for name in group) for group in groups]
    if token.kind == "money" and "quantity" not in fields:
        counts = [sum(counts)]
    return [count for count in counts if count]


def _closed_up(kind: str, text: str) -> str:
    text = re.sub(r" (?=[%\u00b0])", "", text)
    if kind == "measure":
        return re.sub(r"(?<= )\w+$", lambda unit: UNIT_SYMBOLS.get(unit[0], unit[0]), text)
    if kind == "time":
        return re.sub(r"(?<=\.) [a-z]+$", lambda zone: zone[0].upper(), text)
    if kind == "date":
        return re.sub(r"[a-z]+", lambda word: word[0].capitalize() if word[0] in MONTHS else word[0], text)
    return text
