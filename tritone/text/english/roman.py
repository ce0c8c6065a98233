"""Roman numerals after counted nouns and names."""

from __future__ import annotations

import re

from ..rules import Rule, rule
from .numbers import cardinal, ordinal, year
from .sentences import OPENERS, OPENS_SENTENCE

_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
# Valid numerals without M and D, which are more often initials: up to 399, one letter or more.
_NUMERAL = r"(?=[IVXLC])(?:C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?<=[IVXLC]))"
_SMALL = r"(?=[IVX]{2})(?:X{0,3}(?:IX|IV|V?I{0,3})(?<=[IVX]))"  # two letters or more, up to 39

_COUNTED = (
    "War|Chapter|Part|Volume|Act|Book|Section|Phase|Type|Class|Title|Appendix|Scene|Stage|Level|Article|Episode|Bowl|"
    "Mark|Mk|Grade|Tier|Category|Figure|Table|Schedule|Exhibit|Annex|Lesson|Unit|Division|Group|Factor|Symphony|Vatican|"
    "Psalm|Canto|Step|Round|Sonata|Concerto|Opus|Protocol|Amendment|Region|Zone|Plan|Schedule|Fantasy|Quest|Generation|"
    "Apollo|Gemini|Saturn|Titan|Corps|Season|Vol|Chap|Ch|Pt|Ep|Calculus|Algebra|Physics|Chemistry|World"
)
_COUNTED_MANY = "Wars|Chapters|Parts|Volumes|Acts|Books|Sections|Phases|Types|Classes|Titles|Stages|Levels|Articles|Episodes|Grades|Tiers|Categories|Figures|Tables|Groups"
_LETTERS_TOO = "Type|Class|Plan|Group|Grade|Level|Schedule|Exhibit|Section|Unit|Appendix|Category|Tier|Zone|Division|Figure|Table|Annex|Generation"
_TITLES = (
    "King|Queen|Pope|Emperor|Empress|Tsar|Czar|Tsarina|Prince|Princess|Duke|Duchess|Sultan|Pharaoh|Shah|Kaiser|Saint|"
    "Antipope|Patriarch|Count|Earl|Lord|Caliph|Archduke|Elector|Margrave|Infanta|Sir|Mister|Doctor|Reverend"
)
_FIRST_NAMES = frozenset(
    "Aaron Abbas Abdullah Abraham Adam Adolf Adrian Afonso Albert Alexander Alexios Alfonso Alfred Allan Allen Amadeus "
    "Amenemhat Amenhotep Andrew Andronikos Anthony Antiochus Arthur Artaxerxes Attalus August Augustus Baldwin Barry "
    "Basil Benedict Benjamin Bernard Bohemond Boniface Boris Brian Bruce Calvin Carl Casimir Catherine Celestine "
    "Charles Christian Christopher Chad Clark Clement Cleopatra Clyde Conrad Constantine Craig Cyrus Dale Daniel Darius "
    "David Dennis Diana Donald Douglas Dwight Earl Edgar Edmund Edward Elizabeth Eric Erik Ernest Eugene Farouk "
    "Ferdinand Forrest Francis Frank Franklin Franz Fred Frederick Gary Gaston George Gerald Gilbert Glenn Gordon "
    "Grant Gregory Gustav Gustavus Haakon Harald Harold Harry Hassan Henri Henry Herbert Herman Honorius Howard Hugh "
    "Hussein Innocent Isaac Isabella Ivan Jack Jacob James Jason Jean Jeffrey Jerome Jerry Joan Joao John Jonathan Jose "
    "Joseph Joshua Juan Julian Julius Justin Justinian Karl Keith Kenneth Ladislaus Larry Lawrence Lee Leo Leon Leonard "
    "Leopold Lewis Loretta Lothair Louis Lucius Ludwig Luis Magnus Malcolm Manuel Margaret Maria Mark Marmaduke Martin "
    "Mary Matthew Matthias Maximilian Mehmed Michael Mindaugas Mohammed Moritz Muhammad Murad Napoleon Nathan Nebuchadnezzar Nectanebo "
    "Nicholas Norman Olaf Oscar Otto Patrick Paul Pedro Pepin Peter Philip Philippe Phillip Pius Psamtik Ptolemy "
    "Ralph Ramesses Rameses Ramses Ranavalona Raymond Rene Reza Richard Robert Roger Roland Romanos Ronald Roy Rudolf "
    "Rudolph Russell Samuel Sancho Scott Selim Seleucus Seti Senusret Sigismund Sixtus Solomon Stanislaus Stephen Steven "
    "Sven Sweyn Sylvester Tabinshwehti Terrence Theodore Theodosius Thomas Thurston Thutmose Tiberius Timothy Tutankhamun "
    "Umberto Urban Valdemar Valentinian Vasily Victor Victoria Viktor Vincent Vladimir Vladislav Vlad Walter Wayne "
    "Wenceslaus Wilhelm Will Willem William Winston Xerxes Yusuf Zachary".split()
)
_NAME = r"[A-Z][a-z]{1,20}"
# These words after a single letter show that it is not a pronoun: "Charles I was crowned".
_AFTER_ONE = r"(?='s|[.,;:)?!]|$| (?:of|and|was|reigned|ruled|died|became|is|succeeded|abdicated|who|in|had|to|at|by|on|\())"

_NO_INITIAL = rf"(?!\.(?!{OPENS_SENTENCE})\s+[A-Z])"  # in Robert I. Smith it is an initial


def to_digits(numeral: str) -> str:
    """Convert a Roman numeral to digits."""
    values = [_DIGITS[letter] for letter in numeral.upper()]
    following = [*values[1:], 0]
    return str(sum(-v if v < after else v for v, after in zip(values, following, strict=True)))


def _counted(match: re.Match[str]) -> str:
    return f"{match[1]} {cardinal(to_digits(match[2]))}"


def _list(match: re.Match[str]) -> str:
    return re.sub(r"\b[IVXivx]{1,5}\b", lambda m: cardinal(to_digits(m[0])), match[0])


def _regnal(match: re.Match[str]) -> str:
    return f"{match[1]} the {ordinal(to_digits(match[2]))}"


def _named(match: re.Match[str]) -> str:
    """Read the numeral of a person as an ordinal, any other as a cardinal."""
    first, last, numeral = match.groups()
    if (first or last) in OPENERS and last not in _FIRST_NAMES:
        return match[0]
    name = f"{first} {last}" if first else last
    number = to_digits(numeral)
    is_person = last in _FIRST_NAMES or first in _FIRST_NAMES
    return f"{name} {'the ' + ordinal(number) if is_person else cardinal(number)}"


def _year(match: re.Match[str]) -> str:
    return year(to_digits(match[1]))


_ALL_NAMES = "|".join(sorted(_FIRST_NAMES, key=len, reverse=True))

RULES: tuple[Rule, ...] = (
    rule(r"\bWW(I{1,2}|1|2)\b", lambda m: f"World War {'one' if m[1] in ('I', '1') else 'two'}"),
    rule(rf"\b({_ALL_NAMES.upper()}) ((?=[IVX]{{2}}){_NUMERAL})\b", _regnal),
    rule(rf"\b({_COUNTED}) ((?!C\b|L\b){_NUMERAL})\b(?!['.-]\w|-)", _counted),
    rule(rf"(?i:\b(?:{_COUNTED_MANY})) (?=[IVX])[IVX]{{1,5}}(?:(?:, | and | or | to | & |, and |-|\u2013)[IVX]{{1,5}}\b){{1,8}}", _list),
    rule(rf"(?i:\b({_COUNTED})) ((?=[ivx]{{2}})(?:x{{0,3}}(?:ix|iv|v?i{{0,3}})(?<=[ivx])))\b", _counted),
    rule(rf"(?i:\b(chapter|part|volume|act|book|section|phase|type|class|title|stage|level|article|grade|factor)) ({_SMALL}|[VX](?= |[.,;:)?!]|$)|I(?=[.,;:)?!]|$))\b(?!')",
         _counted),
    rule(rf"\b((?:{_TITLES}) {_NAME}) ((?!C\b|L\b){_NUMERAL})\b{_NO_INITIAL}", _regnal),
    rule(rf"\b({_ALL_NAMES}) ((?=[IVX]{{2}}){_NUMERAL})\b(?!\.\w)", _regnal),
    rule(rf"(?<!\w )\b({_ALL_NAMES}) (V|X)\b(?<!Malcolm X)(?!\.\w){_NO_INITIAL}", _regnal),
    rule(rf"(?<![a-z] )\b({_ALL_NAMES}) (I){_NO_INITIAL}{_AFTER_ONE}", _regnal),
    rule(rf"\b({_ALL_NAMES}) (I|V){_NO_INITIAL}(?='s|[.,;:)?!]|$| of )", _regnal),
    rule(r"\b(iPhone|OS|Mac OS) (X)\b", lambda m: f"{m[1]} ten"),
    rule(rf"\b((?:[A-Z][a-z]{{1,20}} )?[A-Z]\.? {_NAME}) ((?=[IV]{{2}}){_NUMERAL})\b", _regnal),
    rule(rf"\b(?:({_NAME}) )?({_NAME}) ({_SMALL}|(?=[XL]{{2}}){_NUMERAL})\b(?![.&/]\w|-\w)", _named),
    rule(rf"\b({_SMALL}|XX)(?= (?:[Cc]entur(?:y|ies)|Olympi|Congress|Corps|Airborne|Dynasty|dynasty|Legion))",
         lambda m: ordinal(to_digits(m[1]))),
    rule(r"\b(M{1,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))\b(?<=[A-Z]{4})", _year),
    rule(r"\b(VI{2,3}|I{2,3}|XI{1,3}|XIV|XVI{0,3}|XXI{0,3}|XXIV|XXV)\b", lambda m: cardinal(to_digits(m[1]))),
    rule(r"\b((?=X[IVXLC]{2})(?:XC|XL|X{1,3})(?:IX|IV|V?I{0,3}))\b(?<!XXX)", lambda m: cardinal(to_digits(m[1]))),
    rule(r"(?:^|(?<=[.!?] ))(IV|VI|IX)(?=\. [A-Z])", lambda m: cardinal(to_digits(m[1]))),
)  # fmt: skip
