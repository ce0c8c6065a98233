"""Signs that are read as words, and typographic signs, which are not."""

from __future__ import annotations

from ..rules import Rule, rule
from .currencies import BY_SIGN

_GREEK = {
    "\u03b1": "alpha", "\u03b2": "beta", "\u03b3": "gamma", "\u03b4": "delta", "\u03b5": "epsilon", "\u03b6": "zeta",
    "\u03b7": "eta", "\u03b8": "theta", "\u03b9": "iota", "\u03ba": "kappa", "\u03bb": "lambda", "\u03bc": "mu",
    "\u03bd": "nu", "\u03be": "xi", "\u03bf": "omicron", "\u03c0": "pi", "\u03c1": "rho", "\u03c2": "sigma",
    "\u03c3": "sigma", "\u03c4": "tau", "\u03c5": "upsilon", "\u03c6": "phi", "\u03c7": "chi", "\u03c8": "psi",
    "\u03c9": "omega",
}  # fmt: skip
LONE_LETTERS = {**_GREEK, **{letter.upper(): name for letter, name in _GREEK.items() if letter != "\u03c2"}}

_NAMES = {
    "\u00d7": "times", "\u00f7": "divided by", "\u00b1": "plus or minus", "\u2213": "minus or plus", "\u2248": "about",
    "\u2264": "at most", "\u2265": "at least", "\u2260": "is not", "\u2261": "is identical to", "\u226a": "much less than",
    "\u226b": "much greater than", "\u221d": "is proportional to", "\u221e": "infinity", "\u2211": "the sum of",
    "\u220f": "the product of", "\u222b": "the integral of", "\u2202": "partial", "\u2207": "nabla", "\u2208": "in",
    "\u2209": "not in", "\u2282": "is a subset of", "\u222a": "union", "\u2229": "intersection", "\u2200": "for all",
    "\u2203": "there exists", "\u2227": "and", "\u2228": "or", "\u00ac": "not", "\u2234": "therefore", "\u2235": "because",
    "\u2220": "angle", "\u22a5": "perpendicular to", "\u2225": "parallel to", "\u2205": "the empty set",
    "\u2206": "delta", "\u221a": "the square root of", "\u221b": "the cube root of", "\u221c": "the fourth root of",
    "\u00b7": " ", "\u22c5": "times", "\u2212": "minus", "\u2190": "from", "\u2192": "to", "\u2194": "to and from",
    "\u21d2": "implies", "\u21d4": "if and only if", "\u2191": "up", "\u2193": "down", "\u00a9": "copyright",
    "\u00a7": "section", "\u00b6": "paragraph", "\u00b0": "degrees", "\u2030": "per mille", "\u00a2": "cents",
    "\u2713": "check", "\u2714": "check", "\u2717": "cross", "\u2718": "cross", "\u266f": "sharp", "\u266d": "flat",
    "\u2642": "male", "\u2640": "female", "\u2605": "star", "\u00a4": "currency sign",
}  # fmt: skip

# Characters beyond ASCII that the rules read aloud; dashes become pauses.
READ_ALOUD = frozenset(
    [*_NAMES, *LONE_LETTERS, *(sign for sign in "".join(BY_SIGN) if not sign.isascii()), *"\u2013\u2014"]
)

_SYMBOL = r"(?<=[\w)\]}\"'%])"

RULES: tuple[Rule, ...] = (
    rule(r"\b([A-G])#(?=$|[ ,.;)-])", r"\1 sharp"),
    rule(r"\b([A-Za-z])\+\+", r"\1 plus plus"),
    rule(r"(?<=[A-Z])\+(?=$|[ ,.;)])", " plus "),
    rule(r"\s*&\s*", " and "),
    rule(r"<-{1,3}>|<=>", " to and from "),
    rule(r"(?:-{1,3}|=)>", " to "),
    rule(r"(?<=\w) <-{1,3} (?=\w)", " from "),
    rule(r"(?<=\d)\s*[x\u00d7\u22c5\u00b7*]\s*(?=\d)", " times "),
    rule(r"\b([a-zA-Z]) \* (?=[a-zA-Z]\b)", r"\1 times "),
    rule(r"(?<=\d)\*(?= [a-z])", " star "),
    rule(r"\+/-|\+-(?=\s?\d)", " plus or minus "),
    rule(r"<=", " at most "),
    rule(r">=", " at least "),
    rule(r"!==?|<>|=/=", " is not "),
    rule(r"<<|>>", " "),
    rule(r"\b(I|We|You) <3(?= \w)", r"\1 love"),
    rule(r"(?<=\w) \u2248 ", " is about "),
    rule(r"\b([fgh])\(([a-z])\)", r"\1 of \2"),
    rule(r"~(?=\s?(?:\d|minus\b|[$\u20ac\u00a3]))", " about "),
    rule(r"~(?=\s?[A-Za-z])|(?<=\w) ~ (?=\w)", " about "),
    rule(r"(?<!\w)<([A-Za-z][\w -]{0,30})>(?!\w)", r" \1 "),
    rule(r"<", " less than "),
    rule(r">", " greater than "),
    rule(r"={3,}", " "),
    rule(r"(?<=\d)!(?=\s?[=+*/)-])", " factorial "),
    rule(r"==", " equals "),
    rule(r"(?<=[\w)%])\s*=\s*(?=[\w(.-])", " equals "),
    rule(r"(?<=\w) - (?=\d\b)(?=\d{1,9} equals )", " minus "),
    rule(r"(?<![A-Za-z])([a-z])\s?-\s?(?=(?:[a-z]|\d{1,9}) equals\b)", r"\1 minus "),
    rule(r"=(?=\s?[\w$(.-])", " equals "),
    rule(r"\+(?=\s?[\w(])|(?<=[\w)])\+", " plus "),
    rule(r"@(?=\s?\w)", " at "),
    rule(r"#(?=\w)", " hash "),
    rule(r"%", " percent "),
    rule(r"\b([Aa]nd|[Ee]ither)/or\b", r"\1 or"),
    rule(r"\b([Hh]e)/she(?:/they)?\b", r"\1 or she"),
    rule(r"\b([Ss]he)/he\b", r"\1 or he"),
    rule(r"\b([Hh]is)/her\b", r"\1 or her"),
    rule(r"\b([Hh]im)/her\b", r"\1 or her"),
    rule(r"\b([A-Z])/([A-Z])\b", r"\1 \2"),
    rule(r"\bvs\b", "versus"),
    rule(r"(?<=\w) v (?=[A-Z][a-z])", " versus "),
    rule(r"\b[Ww]/o\b", "without"),
    rule(r"\b[Ww]/(?=\s?\w)", "with "),
    rule(r"\bb/c\b", "because"),
    rule(r"(?<=[a-z])/(?=(?:day|week|month|year|hour|night|person|kg|lb)\b)", " per "),
    rule(r"(?<=\w)\s?/\s?(?=\w)|(?<=\w)/(?=\s|$)|(?:^|(?<=\s))/(?=\w)", " slash "),
    rule(r"(?<!\\)\\{1,2}(?=\w)", " backslash "),
    rule(r"\$", " dollars "),
    rule("\u00a7{2}", " sections "),
    rule("\u03bc(?=[A-Za-z])", " micro "),
    *(
        rule(f"{sign}+", f" {BY_SIGN[sign].more} ")
        for sign in BY_SIGN
        if len(sign) == 1 and not sign.isascii()
    ),
    rule(r"(?:^|(?<=[.,:;!?]))\s*\u2192\s*", ", "),
    *(rule(sign, f" {name} ") for sign, name in (_NAMES | LONE_LETTERS).items()),
)
