"""Turn Standard Ebooks sources into a corpus file: rows of running prose in reading order.

    python -m training.books ~/standardebooks/*/ --output training/data/books.tsv

Each argument is a clone of one book's repository (https://github.com/standardebooks; texts in the public
domain, editions under CC0). The output has the columns that `training.corpus` reads.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

from training.corpus import expand

ROW_CHARACTERS = 110  # rows break at the first pause after this length, about seven seconds of speech
LONGEST_ROW_CHARACTERS = 190
_FRONT_AND_BACK_MATTER = {
    "colophon",
    "dedication",
    "endnotes",
    "halftitlepage",
    "imprint",
    "preface",
    "titlepage",
    "uncopyright",
}
_MARKS = str.maketrans(
    {
        "\u201c": '"',  # double quotes
        "\u201d": '"',
        "\u2018": "'",  # single quotes
        "\u2019": "'",
        "\u2014": "--",  # dashes
        "\u2013": "-",
        "\u2026": "...",
        "\u00a0": " ",  # spaces that don't break
        "\u200a": " ",
    }
)
_INVISIBLE = re.compile("[\u2060\u200b\ufeff\u00ad]")


def chapter_order(path: Path) -> tuple[int, ...]:
    """Sort key that puts chapter-2 before chapter-10."""
    return tuple(int(number) for number in re.findall(r"\d+", path.stem))


def paragraphs(markup: str) -> Iterator[str]:
    """Yield the paragraphs of one XHTML chapter as plain text with typewriter punctuation."""
    body = re.sub(r"<a [^>]*noteref[^>]*>.*?</a>", "", markup, flags=re.DOTALL)
    for match in re.finditer(r"<p[^>]*>(.*?)</p>", body, flags=re.DOTALL):
        text = unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br\s*/>", " ", match[1])))
        text = _INVISIBLE.sub("", text).translate(_MARKS)
        text = " ".join(re.sub(r"\s*--+\s*", " -- ", text).split())
        if text:
            yield text


def rows(text: str) -> Iterator[str]:
    """Break running text at pauses into rows of a few seconds."""
    row = ""
    for piece in re.findall(r".+?(?:[.?!,;:]+[\"')]*(?=\s)|\s--(?=\s)|$)\s*", text):
        if row and len(row) + len(piece) > LONGEST_ROW_CHARACTERS:
            yield row.strip()
            row = ""
        row += piece
        if len(row) >= ROW_CHARACTERS:
            yield row.strip()
            row = ""
    if row.strip():
        yield row.strip()


def book_rows(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield id and text of every row of a book."""
    chapters = sorted((folder / "src/epub/text").glob("*.xhtml"), key=chapter_order)
    if not chapters:
        raise FileNotFoundError(
            f"{folder}: expected chapters under src/epub/text, found none; clone the whole book."
        )
    name = re.sub(r"[^a-z0-9]+", "_", folder.name.rsplit("_", 1)[-1].lower())
    number = 0
    for chapter in chapters:
        if chapter.stem in _FRONT_AND_BACK_MATTER:
            continue
        for row in rows(" ".join(paragraphs(chapter.read_text(encoding="utf-8")))):
            if len(row) <= LONGEST_ROW_CHARACTERS:
                number += 1
                yield f"{name}-{number:05d}", row


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Turn Standard Ebooks sources into a corpus file.")
    parser.add_argument("books", type=Path, nargs="+", help="folder of one book's repository")
    parser.add_argument("--output", type=Path, default=Path("training/data/books.tsv"))
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with arguments.output.open("w", encoding="utf-8") as file:
        file.write("id\ttext\tnormalized_text\n")
        for folder in arguments.books:
            for row_id, text in book_rows(folder):
                file.write(f"{row_id}\t{text}\t{' '.join(expand(text).split())}\n")


if __name__ == "__main__":
    main()
