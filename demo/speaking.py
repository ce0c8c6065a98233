"""What was recognised is spoken, and recognised again."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tritone_client import Client, TritoneError

from demo.report import Report

FOLDER = Path(__file__).resolve().parents[1] / ".cache/demo"
SEED = 1  # every demo says it in the same way


def speak_again(client: Client, source: Path, text: str, report: Report) -> bool:
    """Speak the text of a recording into a file in FOLDER, transcribe that file, and print both.

    Returns:
        Whether the server could do both.
    """
    title = f"{source.name} spoken again"
    try:
        client.synthesize("Hello.", seed=SEED)  # the first text takes longer
        started_s = time.perf_counter()
        content = client.synthesize_encoded(text, "wav", seed=SEED)
        seconds = time.perf_counter() - started_s
        heard = client.transcribe(content)
    except TritoneError as error:
        report.failure(title, error)
        return False
    file = FOLDER / f"{source.stem}_spoken.wav"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    report.spoken(title, text, Path(os.path.relpath(file)), heard.duration_s or 0.0, seconds)
    report.heard(heard)
    return True
