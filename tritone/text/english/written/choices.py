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
    HALVES,
    MAGNITUDES,
    MONTHS,
    PRONOUNS,
    SMALL_CARDINALS,
    SMALL_ORDINALS,
    STREETS,
    TIME_CUES,
    VERBS_TOO,
)
from .pieces import Piece

Clause = Sequence[Piece]
Stretch = tuple[int, int]  # the first piece and the one after the last
Rule = Callable[[Token, Clause, int, int], list[Stretch]]
_SHORTEST_SERIAL = 3  # digits; two digits alone are rather two numbers
_DAY_PARTS = frozenset("morning afternoon evening night".split())


def chosen(token: Token, clause: Clause, start: int, end: int, done: int) -> list[Stretch]:
    """Return what to write: the token's own stretch or a wider one, or stretches inside of it to look at again.

    Args:
        token: from the grammar.
        clause: with the token's words.
        start: of the token in the clause.
        end: after its last word.
        done: end of what has been written before it.
    """
    rule = _RULES.get(token.kind)
    if rule is None or _has_half(clause, end) or _goes_on(clause[done:start]):
        return []
    if any(piece.shown.lower() == "a" for piece in clause[start + 1 : end] if piece.spoken == "one"):
        return []  # "a hundred, a thousand": two numbers
    return rule(token, clause, start, end)


def title(clause: Clause, position: int) -> bool:
    """Whether a word such as "doctor" is part of a name: "Doctor Jones", not "the doctor"."""
    before = clause[position - 1].spoken if position else ""
    return (
        position + 1 < len(clause)
        and before not in ARTICLES
        and clause[position + 1].is_capitalised
        and len(clause[position + 1].shown) > 1
    )


def _before(clause: Clause, start: int, count: int) -> list[str]:
    """Return `count` words before a position, "" where the clause has none."""
    found = [piece.spoken for piece in clause[max(start - count, 0) : start]]
    return [""] * (count - len(found)) + found


def _after(clause: Clause, end: int, count: int) -> list[str]:
    return [piece.spoken for piece in clause[end : end + count]]


def _goes_on(before: Clause) -> bool:
    """Whether a number goes on, or a range, whose beginning stays in words.

    Args:
        before: unwritten words before the number: "several hundred and" ten, "seven or" eight hundred.
    """
    earlier, number, between = _before(before, len(before), 3)
    if between in MAGNITUDES or (between == "and" and number in MAGNITUDES):
        return True
    return between in ("or", "to", "and") and number in SMALL_CARDINALS and earlier not in CARDINALS


def _has_half(clause: Clause, end: int) -> bool:
    """Whether a fraction follows: "eighteen and a half"."""
    return _after(clause, end, 2) == ["and", "a"] and not HALVES.isdisjoint(_after(clause, end + 2, 1))


def _is_article(clause: Clause, start: int, end: int) -> bool:
    """Whether the stretch is "a hundred" or the like, which is rather many than a count."""
    return end - start == 2 and clause[start].shown.lower() == "a"


def _cardinal(token: Token, clause: Clause, start: int, end: int) -> list[Stretch]:
    return [] if _is_article(clause, start, end) else [(start, end)]


def _ordinal(token: Token, clause: Clause, start: int, end: int) -> list[Stretch]:
    after, (earlier, before) = _after(clause, end, 2), _before(clause, start, 2)
    if after[:1] == ["of"] and after[-1] in MONTHS:
        return [(start, end)]
    if before == "the" and earlier in MONTHS:
        return [(start, end)]
    is_fraction = before in CARDINALS or after in (["of", "a"], ["of", "an"])
    return [] if is_fraction or SMALL_ORDINALS.issuperset(token.words) else [(start, end)]


def _decimal(token: Token, clause: Clause, start: int, end: int) -> list[Stretch]:
    if "integer_part" not in token.fields:  # "at that point five people"
        return []
    return _cardinal(token, clause, start, end)


def _measure(token: Token, clause: Clause, start: int, end: int) -> list[Stretch]:
    units = token.spoken.get("units", [])
    if EVERYDAY_UNITS.isdisjoint(units) or "per" in units:
        return [(start, end)]
    return [(start, end - len(units))]


def _money(token: Token, clause: Clause, start: int, end: int) -> list[Stretch]:
    spoken = token.spoken
    if "value" not in spoken:  # "my two cents"
        return [(start, end - 1)]
    if CURRENCIES.isdisjoint(spoken["currency"][-1:]):
        return [(start, start + len(spoken["value"]) + len(spoken.get("quantity", [])))]
    return [(start, end)]


def _date(token: Token, clause: Clause, start: int, end: int) -> list[Stretch]:
    spoken = token.spoken
    if "month" not in spoken:
        return _year(token.words, clause, start, end)
    year = spoken.get("year", [])
    if "and" in year and not _is_whole(year):  # "on May twenty two and twenty three"
        middle = end - len(year) + year.index("and")
        return [(start, middle), (middle + 1, end)]
    if clause[start].spoken in VERBS_TOO:
        day = spoken.get("day", [])
        is_ordinal = day != [] and day[-1] not in CARDINALS
        is_verb = _before(clause, start, 1)[0] in PRONOUNS
        if is_verb or not (is_ordinal or (start and clause[start].is_capitalised)):
            return [(start + 1, end)]  # "you may twenty times", "he may first"
    return [(start, end)]


def _is_whole(year: list[str]) -> bool:
    """Whether a year is spoken as one number, not in pairs."""
    return not {"hundred", "thousand"}.isdisjoint(year)


def _year(year: list[str], clause: Clause, start: int, end: int) -> list[Stretch]:
    if "and" in year and not _is_whole(year):  # "between fifteen and twenty five"
        middle = start + year.index("and")
        return [(start, middle), (middle + 1, end)]
    is_year = (_is_whole(year) or year[0] in CENTURIES) and year[-1] not in ("hundreds", "tens")
    return [(start, end)] if is_year and not _is_article(clause, start, end) else []


def _time(token: Token, clause: Clause, start: int, end: int) -> list[Stretch]:
    words, after = token.words, _after(clause, end, 3)
    if "noon" not in token.fields and not _DAY_PARTS.isdisjoint(after):
        return []  # "four o'clock in the afternoon" is not 04:00
    if "quarter" in words and _before(clause, start, 1) == ["a"]:
        start -= 1
    if {"past", "to"} & set(words) and after[:1] == ["o'clock"]:
        end += 1
    clear = {"o'clock", "clock", "past", "to", "hours"} & set(words) or token.fields.get("noon")
    if clear or (start, end) == (0, len(clause)):
        return [(start, end)]
    # "Three thirty" and "one twenty three" are other things as often.
    cued = _before(clause, start, 1)[0] in TIME_CUES
    return [(start, end)] if cued and STREETS.isdisjoint(after) else []


def _telephone(token: Token, clause: Clause, start: int, end: int) -> list[Stretch]:
    """Digits only: the grammar takes letters too, and with them the word "a"."""
    spoken = token.spoken
    if "country_code" in spoken and DIGITS.issuperset(spoken["number_part"]):
        return [(start, end)]
    series: list[Stretch] = []
    begin = start
    for position in range(start, end + 1):
        if position == end or clause[position].spoken not in DIGITS:
            if position - begin >= _SHORTEST_SERIAL:
                series.append((begin, position))
            begin = position + 1
    return series


_RULES: dict[str, Rule] = {
    "cardinal": _cardinal,
    "ordinal": _ordinal,
    "decimal": _decimal,
    "measure": _measure,
    "money": _money,
    "date": _date,
    "time": _time,
    "telephone": _telephone,
}
