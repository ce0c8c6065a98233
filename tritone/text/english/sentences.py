"""Words that indicate where sentences and phrases start and end."""

from __future__ import annotations

import re

# Capitalised, these are more often the first word of a sentence than a name.
OPENERS = frozenset(
    "A After All Although An And Another Any Are As At Because Before Both But By Can Could Did Do Does During Each "
    "Either Even Every Everyone Few Finally First For From Had Has Have He Her Here His How However I If In Instead Is "
    "It Its Just Later Let Many Maybe Meanwhile More Most Much My Nobody No None Nor Not Nothing Now Of On Once One "
    "Only Or Other Our Out Over People Perhaps Please She Should Since So Some Someone Soon Still Such Than That "
    "The Their Them Then There These They This Those Though Through Thus To Today Tomorrow Under Until Up Very Was We "
    "Were What When Where Whether Which While Who Whose Why Will With Without Would Yes Yesterday Yet You Your".split()
)
OPENS_SENTENCE = rf"\s+[\"'(]?(?:{'|'.join(sorted(OPENERS))})\b"

# After a measure, these are not the noun that is measured: "the 5 km to the station".
NO_NOUNS = frozenset(
    "a about above across after again ago ahead all along already also although always an and any apart are around as "
    "at away back backwards because been before behind below beneath beside between beyond both but by can cheaper "
    "could daily deep did do does down due during each earlier east either even every extra far faster fewer for forward "
    "forwards from further had has have he heavier heavy her here high higher his how i if in including inside instead "
    "into is it its just later left less long longer lower many may me might minus more most must my near nearly next "
    "no nor north not now of off on once one only onto or our out outside over past per plus right she short shorter "
    "should since slower so some soon south still such tall taller than that the their them then there these they thick "
    "thin this those though through to today tomorrow tonight too toward towards under until up upon versus via was we "
    "well were west when where whether which while who whose why wide wider will with within without worse would yesterday "
    "yet you your".split()
)
_ARTICLE = re.compile(r"(?:^|[^\w'])an? (?:minus |plus |about )?\(?$", re.IGNORECASE)
_DETERMINER = re.compile(
    r"(?:^|[^\w'])(?:an?|the|this|that|each|every|another|one|my|your|his|her|its|our|their|these|those|some|several|few|"
    r"many|two|three|four|five|six|seven|eight|nine|ten|[A-Za-z]{1,30}'s)"
    r"(?: ([A-Za-z]{2,20}))? $",
    re.IGNORECASE,
)
_NOUN = re.compile(r"[ -]([A-Za-z][a-z]+)\b")
_NOUNS_IN_ING = frozenset(
    "building ceiling clearing crossing drawing king landing meeting opening painting railing ring spring string training "
    "wing".split()
)
_BEFORE, _AFTER = 70, 40  # characters of context


def precedes_noun(match: re.Match[str]) -> bool:
    """Whether the word after an amount is probably a noun that the amount modifies."""
    noun = _NOUN.match(match.string[match.end() : match.end() + _AFTER])
    if not noun:
        return False
    word = noun[1].lower()
    return word in _NOUNS_IN_ING or (word not in NO_NOUNS and not word.endswith(("ing", "ed", "ly")))


def is_attributive(match: re.Match[str]) -> bool:
    """Whether an amount modifies a noun like an adjective: "a 5 km run", "my 10 kg bag"."""
    before = match.string[max(match.start() - _BEFORE, 0) : match.start()]
    if _ARTICLE.search(before):
        return True
    if not precedes_noun(match):
        return False
    found = _DETERMINER.search(before)
    return found is not None and (found[1] or "").lower() not in NO_NOUNS
