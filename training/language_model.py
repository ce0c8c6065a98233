"""A language model for a recogniser, from text: estimated, pruned, and put beside its labels.

    python -m training.language_model corpus.txt [more.txt.gz ...]
    python -m training.language_model corpus.txt --name legal  # of the recogniser that is served as `legal`

Text is UTF-8, one sentence or paragraph a line. It is brought into the spelling of the recogniser's labels.
Needs nothing but the serving environment: no NeMo.
"""

from __future__ import annotations

import argparse
import gzip
import lzma
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from training.arpa import write_arpa
from training.corpus import spell
from training.ngrams import UNKNOWN, estimate, prune
from tritone.errors import ArtifactError
from tritone.recognition.labels import Labels
from tritone.recognition.language_model import FILE_NAMES, LanguageModel

DECODER = "asr_ctc_decoder"
FILE = "words.arpa.xz"
ORDER = 3
NGRAMS = 1_000_000  # of two words and more; 25 bytes of memory and 6 of disk each
DECIMALS = 3
VOCABULARY = 200_000  # words; rarer ones are unknown
_OPENERS: dict[str, Callable[..., IO[str]]] = {".gz": gzip.open, ".xz": lzma.open}
_ENGLISH = frozenset("abcdefghijklmnopqrstuvwxyz'")


def spelling(labels: Labels) -> Callable[[str], str]:
    """Return the function that writes a text as a recogniser with these labels does.

    Numbers and abbreviations are written out for English letters; for other labels the text should have them
    written out.
    """
    letters = {letter for text in labels.text for letter in text}
    if letters <= _ENGLISH:
        return spell
    lower = not any(letter != letter.lower() for letter in letters)
    every = bool((labels.byte >= 0).any())  # single bytes spell anything

    def spelled(text: str) -> str:
        text = unicodedata.normalize("NFC", text)
        text = text.lower() if lower else text
        # Marks join the word before them, which the language model reads without.
        text = re.sub(r"[^\w\s'-]", " ", text)
        kept = (letter if every or letter in letters else " " for letter in text)
        return " ".join("".join(kept).split())

    return spelled


def read_lines(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the lines of text files, plain or compressed.

    Raises:
        ValueError: a file is not UTF-8.
    """
    for path in paths:
        with _OPENERS.get(path.suffix, open)(path, "rt", encoding="utf-8") as file:
            try:
                yield from file
            except UnicodeDecodeError as error:
                raise ValueError(f"{path}: expected text in UTF-8, got the byte at {error.start}.") from error


def frequent(sentences: Sequence[Sequence[str]], vocabulary: int) -> Iterator[Sequence[str]]:
    """Yield the sentences with all but the most frequent words replaced by the unknown one."""
    counts = Counter(word for sentence in sentences for word in sentence)
    known = {word for word, _ in counts.most_common(vocabulary)}
    for sentence in sentences:
        yield [word if word in known else UNKNOWN for word in sentence]


def write_language_model(
    texts: Iterable[Path], decoder: Path, order: int, ngrams: int, decimals: int, vocabulary: int = VOCABULARY
) -> Path:
    """Write the language model of a decoder's version folder, in place of the one that it may have.

    Args:
        texts: files of text.
        decoder: the folder with ctc.json.
        order: words of the longest n-grams.
        ngrams: n-grams to keep of two words and more.
        decimals: of the logarithms.
        vocabulary: words to know at most, the most frequent ones.

    Returns:
        The file.

    Raises:
        ArtifactError: there is no ctc.json, or it is broken.
        OSError: a file cannot be read or written.
        ValueError: a text is not UTF-8, or there is none.
    """
    spelled = spelling(Labels.load(decoder / "ctc.json"))
    sentences = [list(map(sys.intern, spelled(line).split())) for line in read_lines(texts)]
    model = estimate(frequent(sentences, vocabulary), order)
    pruned = prune(model, ngrams)
    path = decoder / FILE
    write_arpa(path, pruned, decimals)
    for name in FILE_NAMES:
        if name != FILE:
            (decoder / name).unlink(missing_ok=True)
    LanguageModel(path)  # what cannot be read is to be found here, not when a server starts
    counts = " + ".join(f"{len(grams):,}" for grams in pruned.orders)
    before = sum(map(len, model.orders))
    print(
        f"{path}: {counts} n-grams of 1 to {order} words, of {before:,}; {path.stat().st_size / 1e6:.1f} MB"
    )
    return path


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Make a language model for a recogniser from text.")
    parser.add_argument(
        "texts", type=Path, nargs="+", metavar="TEXT", help="UTF-8, a sentence a line; .gz, .xz too"
    )
    parser.add_argument("--repository", type=Path, default=Path("model_repository"))
    parser.add_argument("--name", default="", help="of a recogniser that is served beside the default one")
    parser.add_argument("--version", type=int, default=1, help="of the decoder, default: %(default)s")
    parser.add_argument("--order", type=int, choices=range(1, 6), default=ORDER, help="default: %(default)s")
    parser.add_argument("--ngrams", type=int, default=NGRAMS, help="to keep at most, default: %(default)s")
    parser.add_argument(
        "--vocabulary", type=int, default=VOCABULARY, help="words to know at most, default: %(default)s"
    )
    parser.add_argument(
        "--decimals", type=int, choices=range(1, 8), default=DECIMALS, help="default: %(default)s"
    )
    arguments = parser.parse_args()
    model = f"{DECODER}_{arguments.name}" if arguments.name else DECODER
    decoder = arguments.repository / model / str(arguments.version)
    try:
        write_language_model(
            arguments.texts,
            decoder,
            arguments.order,
            arguments.ngrams,
            arguments.decimals,
            arguments.vocabulary,
        )
    except (ArtifactError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
