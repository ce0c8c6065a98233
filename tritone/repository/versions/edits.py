"""Edit the served and pinned versions in hand-written configs, keeping comments and layout."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from ...errors import ArtifactError
from .groups import CANARY

_POLICY = re.compile(r"^version_policy\b.*\n", re.MULTILINE)


@dataclass(frozen=True)
class Edits:
    """New contents of files, None to remove one; either all are applied or none."""

    texts: Mapping[Path, str | None]

    def apply(self) -> Edits:
        """Write the files, each by a rename; return the edits that undo it.

        Raises:
            OSError: a file cannot be written; nothing is changed.
        """
        before = {path: path.read_text(encoding="utf-8") if path.is_file() else None for path in self.texts}
        changed = {path: text for path, text in self.texts.items() if text != before[path]}
        undo = Edits({path: before[path] for path in changed})
        try:
            Edits(changed)._write()
        except OSError:
            undo._write()
            raise
        return undo

    def _write(self) -> None:
        drafts = {path: path.with_name(f".{path.name}.new") for path in self.texts}
        try:
            for path, text in self.texts.items():
                if text is not None:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    drafts[path].write_text(text, encoding="utf-8")
            for path, text in self.texts.items():
                if text is not None:
                    os.replace(drafts[path], path)
                else:
                    path.unlink(missing_ok=True)
                    with suppress(OSError):  # not empty: it holds more than these files
                        path.parent.rmdir()
        finally:
            for draft in drafts.values():
                draft.unlink(missing_ok=True)


def with_policy(text: str, versions: Iterable[int]) -> str:
    """Return a config that serves these versions.

    Raises:
        ArtifactError: the policy is not on a separate line.
    """
    wanted = sorted(versions)
    line = f"version_policy {{ specific {{ versions: [ {', '.join(map(str, wanted))} ] }} }}\n"
    if _POLICY.search(text):
        text = _POLICY.sub(line, text, count=1)
    else:
        text = re.sub(r"^(?=max_batch_size\b)", line, text, count=1, flags=re.MULTILINE)
    config = _parsed(text)
    if config is None or sorted(config.version_policy.specific.versions) != wanted:
        raise ArtifactError(
            "version_policy: expected one line `version_policy { specific { versions: [ 1 ] } }` before "
            "max_batch_size, got another form; use that form."
        )
    return text


def with_pins(text: str, pins: Mapping[str, int]) -> str:
    """Return an ensemble's config whose steps use these versions, by model.

    Raises:
        ArtifactError: a step does not have model_version on the line after model_name.
    """
    for model, version in pins.items():
        text = re.sub(rf'(model_name: "{model}"\s*\n\s*model_version: )-?\d+', rf"\g<1>{version}", text)
    config = _parsed(text)
    steps = config.ensemble_scheduling.step if config is not None else ()
    pinned = {step.model_name: step.model_version for step in steps}
    for model, version in pins.items():
        if pinned.get(model, version) != version:
            raise ArtifactError(
                f"step {model}: expected a line `model_version:` after that of model_name; use that form."
            )
    return text


def canary_config(text: str, pipeline: str) -> str:
    """Return a copy of a pipeline's config under the name of its canary."""
    return text.replace(f'name: "{pipeline}"', f'name: "{pipeline}{CANARY}"', 1)


def _parsed(text: str) -> model_config_pb2.ModelConfig | None:
    try:
        return text_format.Parse(text, model_config_pb2.ModelConfig())
    except text_format.ParseError:
        return None
