"""Stripping of HTML and Markdown."""

from __future__ import annotations

import html
import re

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_COMMENT = re.compile(
    r"<!--(?:(?!-->)[^\x00]){0,5000}-->|<!DOCTYPE[^<>]{0,200}>|<\?[^<>]{0,200}\?>", re.IGNORECASE
)
_UNSPOKEN = re.compile(r"<(script|style)\b[^<>]{0,500}>[^<]{0,20000}</\1\s?>", re.IGNORECASE)
_BLOCKS = "p|div|h[1-6]|ul|ol|dl|table|blockquote|section|article|header|footer|main|nav|aside|pre|figure|form|body|head|html"
_ITEMS = "li|dt|dd|tr|figcaption|caption|option|title"
_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|br|button|center|cite|code|del|dfn|em|font|hr|i|img|input|ins|kbd|label|link|mark|"
    "meta|q|s|samp|small|span|strike|strong|sub|sup|svg|td|th|thead|tbody|tfoot|time|tt|u|var|wbr|video|audio|iframe|"
    "picture|source|select|textarea|prosody|voice|emphasis|say-as|speak|break|phoneme"
)
_VALUE = r"(?:\"[^\"<>]{0,500}\"|'[^'<>]{0,500}'|[^\s\"'<>]{1,200})"
_ATTRIBUTES = rf"(?:\s{{1,9}}(?:[\w:-]{{1,40}}={_VALUE}|checked|disabled|hidden|selected|required|controls|async|defer)){{0,20}}\s{{0,9}}"
_RAISED = re.compile(r"<sup>([+-]?\d{1,3}|n)</sup>", re.IGNORECASE)
_BLOCK_TAG = re.compile(rf"</?(?:{_BLOCKS}){_ATTRIBUTES}/?>", re.IGNORECASE)
_ITEM_END = re.compile(rf"([^\s.?!,;:>])?\s?</(?:{_ITEMS})\s?>", re.IGNORECASE)
_TAG = re.compile(rf"</?(?:{_INLINE}|{_ITEMS}){_ATTRIBUTES}/?>", re.IGNORECASE)
_SPACING = re.compile(rf"<(?:br|hr|td|th){_ATTRIBUTES}/?>", re.IGNORECASE)

_LINK = re.compile(r"!?\[([^\[\]\n]{1,300})\]\((?:[^()\s]{1,1000})(?: \"[^\"\n]{0,200}\")?\)")
_HEADING = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+", re.MULTILINE)
_QUOTED = re.compile(r"^(?:>[ \t]?){1,9}(?=[A-Za-z\"'(])", re.MULTILINE)  # a quoted line of an e-mail
_RULE_LINE = re.compile(r"^[ \t]{0,3}(?:[-*_][ \t]?){3,80}$", re.MULTILINE)
_BULLETS = re.compile(
    r"(?:^[ \t]{0,12}[-*+\u2022\u2013][ \t]+\S[^\n]{0,2000}(?:\n|\Z)){2,1000}", re.MULTILINE
)
_BULLET = re.compile(r"^[ \t]{0,12}[-*+\u2022\u2013][ \t]+([^\n]*?)([.,;:!?]?)[ \t]*$", re.MULTILINE)


def strip_markup(text: str) -> str:
    """Strip HTML tags and Markdown, resolve entities, and keep paragraphs and list items separate.

    Args:
        text: with newlines as line breaks.
    """
    if "<" in text:
        text = _UNSPOKEN.sub(" ", _COMMENT.sub(" ", text))
        text = _RAISED.sub(r"^\1", text)
        text = _BLOCK_TAG.sub("\n\n", _ITEM_END.sub(r"\1. ", text))
        text = _TAG.sub("", _SPACING.sub(" ", text))
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _LINK.sub(r"\1", _QUOTED.sub("", text))
    text = _RULE_LINE.sub("", _HEADING.sub("", text))
    return _BULLETS.sub(lambda match: _BULLET.sub(_item, match[0]), text)


def _item(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2] or ','}"
