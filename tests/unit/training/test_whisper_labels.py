"""Labels of recordings without text: which are sure, and how recordings are grouped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from training.whisper_labels import BATCH_S, SILENCE_S, batches, is_sure, label


def row(text: str, score: float = -0.1, duration: float = 3.0) -> dict[str, Any]:
    return {"audio_filepath": "a.flac", "duration": duration, "text": text, "score": score}


@pytest.mark.parametrize(
    ("changed", "sure"),
    [
        (row("He was born in Naples, and died there."), True),
        (row("He was born in Naples, and died there.", score=-0.5), False),
        (row("He was born in 1871."), False),  # not as it is spoken
        (row("The BBC showed it last night."), False),
        (row("Él nació en Nápoles."), False),
        (row("the the the the the the the the the the the the the the the the the the the the"), False),
        (row("Oh.", duration=3.0), False),
    ],
)
def test_sure_labels(changed: dict[str, Any], sure: bool) -> None:
    assert is_sure(changed) is sure


def test_batches_hold_all_recordings_and_not_too_much_audio() -> None:
    durations = [5.0, 1.0, 20.0, 3.0, 9.0, 8.0, 7.0, 30.0, 2.0] * 3
    grouped = list(batches([row("", duration=d) for d in durations]))
    assert sorted(r["duration"] for batch in grouped for r in batch) == sorted(durations)
    for batch in grouped:
        assert len(batch) == 1 or len(batch) * (batch[-1]["duration"] + SILENCE_S) <= BATCH_S


def test_labels_stay_with_their_recordings(tmp_path: Path) -> None:
    rows = []
    for seconds in (3, 1, 2):
        soundfile.write(tmp_path / f"{seconds}.flac", np.zeros(16000 * seconds, np.float32), 16000)
        rows.append({"audio_filepath": f"{seconds}.flac", "duration": float(seconds)})

    class Listener:
        def transcribe(self, clips: list[np.ndarray], window_s: float) -> list[Any]:
            assert window_s == max(len(clip) for clip in clips) / 16000 + SILENCE_S
            return [
                type("Heard", (), {"text": f"{len(clip) // 16000} seconds", "score": -0.25}) for clip in clips
            ]

    labels = {r["audio_filepath"]: (r["text"], r["score"]) for r in label(rows, tmp_path, Listener())}
    assert labels == {f"{s}.flac": (f"{s} seconds", -0.25) for s in (1, 2, 3)}
