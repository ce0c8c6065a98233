"""Which of the grammar's proposals are written, and which words stay words.

The grammar was made to write whatever it can. In ordinary prose that damages more than it helps: "wait a second"
would become "wait a 2nd", "my two cents" $0.02, "he may twenty times" a date. Each rule here looks at a token and its
neighbours and says which stretch of the clause is to be written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .grammar import Token
from .lexicon import (
    ARTICLES,
    CARDINALS,
    CENTURIES,
    CURRENCIES,
    DIGITS,
    EVERYDAY_UNITS,
    MAGNITUDES,
    MONTHS,
    NUMBERS,
    SMALL_ORDINALS,
    STREETS,
    TIME_CUES,
    VERBS_TOO,
)
from .pieces import Piece

Clause = Sequence[Piece]
Stretch = tuple[int, int]  # the first piece and the one after the last; empty: leave the words
NOTHING: Stretch = (0, 0)
_SHORTEST_SERIAL = 3  # digits; two digits alone are rather two numbers


def chosen(token: Token, clause: Clause, start: int, end: int) -> Stretch:
    """Return the stretch to write: that of the token, a wider one, one inside of it to look at again, or `NOTHING`."""
    rule = _RULES.get(token.kind)
    return NOTHING if rule is None or _continues(clause, start) else rule(token, clause, start, end)


def title(clause: Clause, position: int) -> bool:
    """Whether a word such as "doctor" is part of a name: "Doctor Jones", not "the doctor"."""
    before = clause[position - 1].spoken if position else ""
    return (
        position + 1 < len(clause)
        and before not in ARTICLES
        and clause[position + 1].is_capitalised
        and len(clause[position + 1].shown) > 1
    )


def _continues(clause: Clause, start: int) -> bool:
    """Whether the words before are the head of the number, which the grammar does not know: "several hundred and ten"."""
    before = [piece.spoken for piece in clause[max(start - 2, 0) : start]]
    return before[-1:] != [] and (
        before[-1] in MAGNITUDES or (before[-1] == "and" and before[0] in MAGNITUDES)
    )


def _is_article(clause: Clause, start: int, end: int) -> bool:
    """Whether the stretch is "a hundred" or the like, which is rather many than a count."""
    return end - start == 2 and clause[start].shown.lower() == "a"


def _cardinal(token: Token, clause: Clause, start: int, end: int) -> Stretch:
    return NOTHING if _is_article(clause, start, end) else (start, end)


def _ordinal(token: Token, clause: Clause, start: int, end: int) -> Stretch:
    after = [piece.spoken for piece in clause[end : end + 2]]
    before = [piece.spoken for piece in clause[max(start - 2, 0) : start]]
    if after[:1] == ["of"] and after[-1] in MONTHS:
        return start, end
    if before[-1:] == ["the"] and before[0] in MONTHS:
        return start, end
    fraction = before[-1:] != [] and before[-1] in CARDINALS
    if fraction or after in (["of", "a"], ["of", "an"]) or set(token.words) <= SMALL_ORDINALS:
        return NOTHING
    return start, end


def _decimal(token: Token, clause: Clause, start: int, end: int) -> Stretch:
    if "integer_part" not in token.fields:  # "at that point five people"
        return NOTHING
    return _cardinal(token, clause, start, end)


def _measure(token: Token, clause: Clause, start: int, end: int) -> Stretch:
    units = token.spoken.get("units", [])
    if EVERYDAY_UNITS.isdisjoint(units) or "per" in units:
        return start, end
    return start, end - len(units)


def _money(token: Token, clause: Clause, start: int, end: int) -> Stretch:
    spoken = token.spoken
    if "value" not in spoken:  # "my two cents"
        return start, end - 1
    if CURRENCIES.isdisjoint(spoken["currency"][-1:]):
        return start, start + len(spoken["value"]) + len(spoken.get("quantity", []))
    return start, end


def _date(token: Token, clause: Clause, start: int, end: int) -> Stretch:
    spoken = token.spoken
    if "month" not in spoken:
        year = token.words
        is_year = year[0] in CENTURIES or not {"hundred", "thousand"}.isdisjoint(year)
        return (start, end) if is_year and year[-1] in NUMBERS - {"hundreds", "tens"} else NOTHING
    if clause[start].spoken in VERBS_TOO:
        day = spoken.get("day", [])
        is_ordinal = day != [] and day[-1] not in CARDINALS
        if not is_ordinal and not (start and clause[start].is_capitalised):
            return start + 1, end  # "you may twenty times"
    return start, end


def _time(token: Token, clause: Clause, start: int, end: int) -> Stretch:
    words = token.words
    if "quarter" in words and start and clause[start - 1].spoken == "a":
        return start - 1, end
    clear = {"o'clock", "clock", "past", "to", "hours"} & set(words) or token.fields.get("noon")
    alone = (start, end) == (0, len(clause))
    if clear or alone:
        return start, end
    # "Three thirty" and "one twenty three" are other things as often.
    cued = start > 0 and clause[start - 1].spoken in TIME_CUES
    address = not STREETS.isdisjoint(piece.spoken for piece in clause[end : end + 3])
    return (start, end) if cued and not address else NOTHING


def _telephone(token: Token, clause: Clause, start: int, end: int) -> Stretch:
    """Digits only: the grammar takes letters too, and with them the word "a"."""
    spoken = token.spoken
    if "country_code" in spoken and DIGITS.issuperset(spoken["number_part"]):
        return start, end
    longest, begin = NOTHING, start
    for position in range(start, end + 1):
        if position == end or clause[position].spoken not in DIGITS:
            if position - begin > longest[1] - longest[0]:
                longest = begin, position
            begin = position + 1
    return longest if longest[1] - longest[0] >= _SHORTEST_SERIAL else NOTHING




_RULES: dict[str, Callable[[Token, Clause, int, int], Stretch]] = {
    "cardinal": _cardinal,
    "ordinal": _ordinal,
    "decimal": _decimal,
    "measure": _measure,
    "money": _money,
    "date": _date,
    "time": _time,
    "telephone": _telephone,
}
