"""Language models beside exported labels: they stay with a recogniser that spells in the same labels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tritone.recognition.language_model import FILE_NAMES


def language_models(folder: Path) -> list[Path]:
    """Return the language models of a decoder's version folder; no more than one is in order."""
    return [folder / name for name in FILE_NAMES if (folder / name).is_file()]


def spells_alike(folder: Path, labels: Mapping[str, Any]) -> bool:
    """Whether a decoder's version folder has these fields of labels."""
    try:
        fields = json.loads((folder / "ctc.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return all(fields.get(name) == value for name, value in labels.items())


def inherited(decoder: Path, version: int, labels: Mapping[str, Any]) -> list[Path]:
    """Return the language model of the newest other version that spells alike, for one that has none.

    Args:
        decoder: the model's folder.
        version: that is being exported.
        labels: its fields of labels.
    """
    own = decoder / str(version)
    if spells_alike(own, labels) and language_models(own):
        return []
    others = [folder for folder in decoder.glob("[0-9]*") if folder.name.isdigit() and folder != own]
    for folder in sorted(others, key=lambda folder: int(folder.name), reverse=True):
        if spells_alike(folder, labels) and (found := language_models(folder)):
            return found
    return []
