"""Synthesise a recognised text, and recognise the speech."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tritone_client import Client, TritoneError

from demo.report import DemoReport

FOLDER = Path(__file__).resolve().parents[1] / ".cache/demo"
SEED = 1  # every run synthesises the same audio


def synthesise_and_recognise(client: Client, source: Path, text: str, report: DemoReport) -> bool:
    """Synthesise the text of a recording into a file in FOLDER, transcribe that file, and print both.

    Returns:
        Whether both succeeded.
    """
    title = f"{source.name} synthesised"
    try:
        client.synthesize("Hello.", seed=SEED)  # warm-up: the first request takes longer
        started_s = time.perf_counter()
        content = client.synthesize_encoded(text, "wav", seed=SEED)
        seconds = time.perf_counter() - started_s
        recognised = client.transcribe(content)
    except TritoneError as error:
        report.failure(title, error)
        return False
    file = FOLDER / f"{source.stem}_synthesised.wav"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    report.synthesised(title, text, Path(os.path.relpath(file)), recognised.duration_s or 0.0, seconds)
    report.recognised(recognised)
    return True
