"""Novels of text collections as sentences for the language model, one a line, in the spelling of `corpus`.

    python -m training.novels ELTeC-eng/level1/*.xml 100_english_novels/corpus/*.txt

Reads TEI XML (https://github.com/COST-ELTeC/ELTeC-eng) and plain text with an empty line between paragraphs
(https://github.com/computationalstylistics/100_english_novels).
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from training.corpus import expand, spell

TEI = "{http://www.tei-c.org/ns/1.0}"
LONGEST_WORDS = 60  # of a sentence; longer ones are lists or lack their marks
_END = re.compile(r"(?<=[.?!])[\"')\u2019\u201d]*\s+")


def tei_paragraphs(path: Path) -> Iterator[str]:
    """Yield the paragraphs and lines of verse of a novel's body, without notes and page numbers."""
    for body in ElementTree.parse(path).iter(f"{TEI}body"):
        for note in [*body.iter(f"{TEI}note"), *body.iter(f"{TEI}fw")]:
            note.text, note[:] = None, []
        for paragraph in body.iter():
            if paragraph.tag in (f"{TEI}p", f"{TEI}l"):
                yield "".join(paragraph.itertext())


def plain_paragraphs(path: Path) -> Iterator[str]:
    """Yield the paragraphs of a plain text in UTF-8, in which lines may be broken."""
    yield from re.split(r"\n\s*\n", path.read_text(encoding="utf-8", errors="replace"))


def sentences(path: Path) -> Iterator[str]:
    """Yield the spelled sentences of a novel in reading order."""
    paragraphs = tei_paragraphs if path.suffix == ".xml" else plain_paragraphs
    for paragraph in paragraphs(path):
        for sentence in _END.split(" ".join(expand(paragraph).split())):
            spelled = spell(sentence)
            if spelled and spelled.count(" ") < LONGEST_WORDS:
                yield spelled


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Write the sentences of novels, one a line.")
    parser.add_argument("novels", type=Path, nargs="+", help=".xml (TEI) or .txt")
    parser.add_argument("--output", type=Path, default=Path("training/data/novels.txt"))
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with arguments.output.open("w", encoding="utf-8") as file:
        for path in arguments.novels:
            file.writelines(f"{sentence}\n" for sentence in sentences(path))


if __name__ == "__main__":
    main()
