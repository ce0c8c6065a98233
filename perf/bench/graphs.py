"""The model repositories that are measured: the one that is served, and one at the published sizes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from perf.bench.clips import ROOT

NEMO_PYTHON = ROOT / ".venv-export/bin/python"
CACHE = ROOT / ".cache/perf"
COMMITTED = ROOT / "model_repository"
ENSEMBLES = ROOT / "ensembles"
_MADE_BY = ("export/**/*.py", "perf/checkpoints.py", "perf/unverified_export.py", "perf/babble.py")


class GraphsError(Exception):
    """A repository cannot be made here; the message says what is missing."""


@dataclass(frozen=True)
class Size:
    """One model repository, named by the size of its networks."""

    name: str
    repository: Path
    checkpoints: tuple[Path, ...] = ()  # what it was exported from: recogniser, punctuation

    @property
    def repositories(self) -> tuple[Path, Path]:
        """What tritonserver is given."""
        return self.repository, ENSEMBLES


def demo_size() -> Size:
    """Return the repository as it is served from the checkout."""
    return Size("demo", COMMITTED)


def full_size() -> Size:
    """Return a repository with QuartzNet15x5 and BERT-base, random weights; exported once, then cached.

    Raises:
        GraphsError: there is no export environment, or the export failed.
    """
    folder = CACHE / f"full-{_fingerprint()}"
    repository = folder / "model_repository"
    checkpoints = (folder / "quartznet15x5.nemo", folder / "bert.nemo")
    complete = folder / "complete"
    if not complete.exists():
        _require_nemo()
        shutil.rmtree(folder, ignore_errors=True)
        for checkpoint in checkpoints:
            _say(f"making {checkpoint.name} and exporting it, once (minutes) ...")
            _nemo("perf.checkpoints", checkpoint.stem, str(checkpoint))
            repository.mkdir(exist_ok=True)
            _nemo("perf.unverified_export", str(checkpoint), "--repository", str(repository))
        complete.touch()
    # Configs and model code are the checkout's of today.
    for file in (*COMMITTED.glob("*/config.pbtxt"), *COMMITTED.glob("*/1/model.py")):
        target = repository / file.relative_to(COMMITTED)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return Size("full", repository, checkpoints)


def _fingerprint() -> str:
    """Say which code makes the graphs, so that a change of it makes them anew."""
    digest = hashlib.sha256()
    for pattern in _MADE_BY:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _require_nemo() -> None:
    if not NEMO_PYTHON.exists():
        raise GraphsError(
            f"full size: expected the export environment in {NEMO_PYTHON.parent.parent.name}, found none; "
            "run `make export-env`, or measure with --size demo."
        )


def _nemo(module: str, *arguments: str) -> None:
    finished = subprocess.run(
        [str(NEMO_PYTHON), "-m", module, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    if finished.returncode:
        raise GraphsError(
            f"python -m {module}: ended with code {finished.returncode}.\n{finished.stderr[-2000:]}"
        )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
