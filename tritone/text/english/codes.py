"""Codes: hexadecimal numbers, identifiers, colours, hardware and network addresses, versions."""

from __future__ import annotations

import re

from ..rules import Rule, rule
from .initialisms import letter_names
from .numbers import LONGEST_CARDINAL_DIGITS, cardinal, digits

_HEX = "[0-9A-Fa-f]"
_PRODUCTS = (
    "[Vv]ersion|[Rr]elease|[Bb]uild|Python|Ubuntu|Debian|Fedora|Node|Java|PHP|Ruby|Perl|Go|Rust|Swift|Django|Rails|"
    "React|Angular|Vue|Kotlin|Scala|Triton|CUDA|iOS|iPadOS|macOS|Android|Chrome|Firefox|Kernel|kernel|Linux|TLS|SSL|"
    "HTTP|USB|Bluetooth|Unity|Blender|PyTorch|TensorFlow|ONNX|TensorRT"
)
_LONGEST_VERSION_PARTS = 6
_STAGES = {
    "alpha": "alpha",
    "beta": "beta",
    "rc": "ar see",
    "dev": "dev",
    "post": "post",
    "a": "ay",
    "b": "bee",
}


def spell(code: str) -> str:
    """Read letters by name and digits one by one."""
    return " ".join(digits(sign) if sign.isdigit() else letter_names(sign) for sign in code if sign.isalnum())


def _hexadecimal(match: re.Match[str]) -> str:
    return f" zero {letter_names(match[1])} {spell(match[2])} "


def _grouped(match: re.Match[str]) -> str:
    return ", ".join(spell(group) for group in re.split("[-:]", match[0]))


def _dotted(match: re.Match[str]) -> str:
    parts = match[0].split(".")
    return (" dot " if len(parts) == 4 else " point ").join(map(cardinal, parts))


def _version(match: re.Match[str]) -> str:
    """Read every part of a version as a number: 3.11 as three point eleven."""
    name, number, stage, stage_number = match.groups()
    head = "vee " if name in ("v", "V") else f"{name} "
    words = head + " point ".join(map(cardinal, number.split(".")))
    if stage:
        words += f" {_STAGES[stage.lower()]}" + (f" {cardinal(stage_number)}" if stage_number else "")
    return words + " "


_STAGE = r"(?:[-.]?(alpha|beta|rc|dev|post|a|b)[-.]?(\d{1,6})?)?"
_PARTS = rf"(\d{{1,6}}(?:\.\d{{1,6}}){{%s,{_LONGEST_VERSION_PARTS}}})"

RULES: tuple[Rule, ...] = (
    rule(rf"(?<!\w)0([xX])({_HEX}{{1,64}})\b", _hexadecimal),
    rule(r"(?<!\w)0([bBoO])([01]{2,64}|[0-7]{3,32})\b", _hexadecimal),
    rule(rf"(?<![\w-]){_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}(?![\w-])", _grouped),
    rule(rf"(?<![\w:]){_HEX}{{2}}(?::{_HEX}{{2}}){{5}}(?![\w:])", _grouped),
    rule(rf"#(?=[0-9A-Fa-f]{{0,5}}[A-Fa-f])(?=[A-Fa-f]{{0,5}}\d)({_HEX}{{6}})\b", lambda m: f" hash {spell(m[1])} "),
    rule(rf"(?<![\w.-])(?=[a-f]{{0,39}}\d)(?=\d{{0,39}}[a-f])({_HEX}{{7,40}})(?![\w-]|\.\w)",
         lambda m: f" {spell(m[1])} "),
    rule(rf"\b({_PRODUCTS}) {_PARTS % 1}(?![\w]|\.\d){_STAGE}(?!\w)", _version),
    rule(rf"(?<![\w.])([vV])\.? ?{_PARTS % 0}{_STAGE}(?!\w|\.\d)", _version),
    rule(rf"\d{{{LONGEST_CARDINAL_DIGITS + 1},}}", lambda m: f" {digits(m[0])} "),
)  # fmt: skip

DOTTED: tuple[Rule, ...] = (
    rule(rf"(?<![\w.])(){_PARTS % 2}{_STAGE}(?!\w|\.\d)", lambda m: _dotted_version(m)),
)


def _dotted_version(match: re.Match[str]) -> str:
    if match[2].count(".") == 3 and not match[3]:
        return _dotted(re.match(r"[\d.]+", match[2]) or match)
    return _version(match)
