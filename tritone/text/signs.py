"""Signs that are read as words, and those that are only typography."""

from __future__ import annotations

from .rules import Rule, rule

RULES: tuple[Rule, ...] = (
    rule(r"\b([CF])#", r"\1 sharp"),
    rule(r"\b([A-Za-z])\+\+", r"\1 plus plus"),
    rule(r"\b([A-Z])([A-Z])?&([A-Z])\b", r"\1 \2 and \3"),
    rule(r"\s*&\s*", " and "),
    rule(r"(?<=\d)\s*[x\u00d7]\s*(?=\d)", " times "),
    rule(r"(?<=\d)\s*\*\s*(?=\d)", " times "),
    rule(r"\u00d7", " times "),
    rule(r"\u00f7", " divided by "),
    rule(r"\u00b1|\+/-", " plus or minus "),
    rule(r"\u2248|~(?=\s?\d)", " about "),
    rule(r"<=|\u2264", " at most "),
    rule(r">=|\u2265", " at least "),
    rule(r"!=|\u2260", " is not "),
    rule(r"(?<=[\w)])\s*=\s*(?=[\w(-])", " equals "),
    rule(r"(?<=[\w)]) < (?=[\w(-])|<(?=\d)", " less than "),
    rule(r"(?<=[\w)]) > (?=[\w(-])|>(?=\d)", " greater than "),
    rule(r"\^2\b", " squared"),
    rule(r"\^3\b", " cubed"),
    rule(r"\^(?=\w)", " to the power of "),
    rule(r"\+(?=\s?\w)|(?<=\w)\+", " plus "),
    rule(r"@(?=\w)", " at "),
    rule(r"#(?=\w)", " hash "),
    rule(r"%", " percent "),
    rule(r"\b(and|either)/or\b", r"\1 or"),
    rule(r"\b([A-Z])/([A-Z])\b", r"\1 \2"),
    rule(r"\bw/o\b", "without"),
    rule(r"\bw/(?=\s?\w)", "with "),
    rule(r"(?<=\w)\s?/\s?(?=\w)", " slash "),
    rule(r"\$", " dollars "),
    rule("\u00a3", " pounds "),
    rule("\u20ac", " euros "),
    rule("\u00a7", " section "),
    rule("\u00b0", " degrees "),
    rule("\u03bc", " micro "),
    rule("\u03a9", " omega "),
    rule("\u03c0", " pi "),
)
