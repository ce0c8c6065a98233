"""Write language models in the ARPA format."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import numpy as np

from training.ngrams import NGramModel

_FLOOR = -99.0  # the format's logarithm of zero


def write_arpa(path: Path, model: NGramModel, decimals: int = 4) -> None:
    """Write a model, compressed if the path ends in `.gz` or `.xz`; all logarithms are decimal.

    Args:
        path: of the file, which is replaced when all is written.
        model: the model.
        decimals: of the logarithms; fewer make a smaller file.
    """
    lines = ["\\data\\", *(f"ngram {n}={len(grams)}" for n, grams in enumerate(model.orders, start=1))]
    for n, grams in enumerate(model.orders, start=1):
        probability, backoff = (
            np.log10(np.maximum(values, 10.0**_FLOOR)) for values in (grams.probability, grams.backoff)
        )
        lines += ["", f"\\{n}-grams:"]
        rows = zip(probability.tolist(), model.spelled(n), backoff.tolist(), strict=True)
        for p, text, weight in rows:
            shown = _number(weight, decimals)
            ends = n == len(model.orders) or shown in ("0", "-0")
            lines.append(f"{_number(p, decimals)}\t{text}" + ("" if ends else f"\t{shown}"))
    lines += ["", "\\end\\", ""]
    content = "\n".join(lines).encode()
    partial = path.with_name(f".{path.name}.part")
    if path.suffix == ".gz":
        content = gzip.compress(content, 9, mtime=0)  # without the time, equal models are equal files
    elif path.suffix == ".xz":
        content = lzma.compress(content, preset=9 | lzma.PRESET_EXTREME)
    partial.write_bytes(content)
    partial.replace(path)


def _number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:.0f}"
