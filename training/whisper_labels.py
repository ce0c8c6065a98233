"""Label recordings without text by Whisper, for training beside recordings with text.

    python -m training.whisper_labels --whisper wheels/ --manifest unlabelled.jsonl --output labelled.jsonl

Writes a manifest with what Whisper understood and how sure it was. Continues where it stopped. Only labels
that `is_sure` accepts are good for training: `--sure` writes those, as `training.real_speech` reads them.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import soundfile

from training.corpus import spell
from training.real_speech import LONGEST_S

BATCH_S = 80.0  # of audio and silence
SILENCE_S = 3.0  # after the longest clip of a batch: with less, Whisper goes on talking
LEAST_SCORE = -0.4  # mean log-probability of a token; the labels above it have 8% word errors
CHARACTERS_PER_S = (4.0, 25.0)

Row = dict[str, Any]  # of a manifest


def is_sure(row: Row) -> bool:
    """Whether a label is probably right, and written as it is spoken.

    Args:
        row: `text` as Whisper wrote it, its `score`, and the recording's `duration` in seconds.
    """
    text = row["text"]
    slowest, fastest = CHARACTERS_PER_S
    return (
        row["score"] > LEAST_SCORE
        and text.isascii()
        and not re.search(r"[0-9$%&@]|\b[A-Z]{2,}\b", text)
        and slowest * row["duration"] <= len(spell(text)) <= fastest * row["duration"]
    )


def batches(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Group rows of similar duration."""
    batch: list[Row] = []
    for row in sorted(rows, key=lambda row: row["duration"]):
        if batch and (len(batch) + 1) * (row["duration"] + SILENCE_S) > BATCH_S:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def read_rows(path: Path) -> list[Row]:
    """Read a manifest; empty if there is none."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def label(rows: Sequence[Row], folder: Path, whisper: Any) -> Iterator[Row]:
    """Yield rows with `text` and `score`; recordings are mono at 16 kHz, relative to a folder."""
    for batch in batches(rows):
        clips = [soundfile.read(folder / row["audio_filepath"], dtype="float32")[0] for row in batch]
        window_s = min(batch[-1]["duration"] + SILENCE_S, 30.0)
        for row, heard in zip(batch, whisper.transcribe(clips, window_s), strict=True):
            yield {**row, "text": heard.text, "score": round(heard.score, 3)}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Label recordings without text by Whisper.")
    parser.add_argument("--whisper", type=Path, required=True, help="folder of Whisper's wheels")
    parser.add_argument("--manifest", type=Path, required=True, help="audio_filepath and duration")
    parser.add_argument("--output", type=Path, required=True, help="manifest with all labels")
    parser.add_argument("--sure", type=Path, help="manifest with the labels for training, written at the end")
    arguments = parser.parse_args()
    from training.whisper import Whisper

    done = {row["audio_filepath"] for row in read_rows(arguments.output)}
    rows = [row for row in read_rows(arguments.manifest) if row["audio_filepath"] not in done]
    rows = [row for row in rows if row["duration"] <= LONGEST_S]  # longer ones are not trained on
    with arguments.output.open("a", encoding="utf-8") as output:
        for row in label(rows, arguments.manifest.parent, Whisper(arguments.whisper, beam=1)):
            output.write(json.dumps(row) + "\n")
    if arguments.sure:
        sure = [row for row in read_rows(arguments.output) if is_sure(row)]
        arguments.sure.write_text("".join(json.dumps(row) + "\n" for row in sure), encoding="utf-8")
        print(f"{len(sure)} sure labels, {sum(row['duration'] for row in sure) / 3600:.1f} h")


if __name__ == "__main__":
    main()
