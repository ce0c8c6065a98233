"""The model repositories that are measured: the one that is served, and one at the published sizes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from export.configs import WarmUpRatio, fit_configs, graph_dims
from perf.bench.clips import ROOT
from tritone.synthesis.voice import Voice

NEMO_PYTHON = ROOT / ".venv-export/bin/python"
CACHE = ROOT / ".cache/perf"
COMMITTED = ROOT / "model_repository"
ENSEMBLES = ROOT / "ensembles"
NAMES = {  # of the bundled checkpoints, by network
    "recogniser": "quartznet",
    "punctuation": "punctuation_bert",
    "tacotron2": "tacotron2",
    "waveglow": "waveglow",
}
MAKERS = {  # of checkpoints at the published size: module and kind, by network
    "recogniser": ("perf.checkpoints", "quartznet15x5"),
    "punctuation": ("perf.checkpoints", "bert"),
    "tacotron2": ("perf.synthesis_checkpoints", "tacotron2"),
    "waveglow": ("perf.synthesis_checkpoints", "waveglow"),
}
_MADE_BY = ("export/**/*.py", "perf/*checkpoints.py", "perf/unverified_export.py", "perf/babble.py")


class GraphsError(Exception):
    """A repository cannot be made here; the message says what is missing."""


@dataclass(frozen=True)
class Size:
    """One model repository, named by the size of its networks."""

    name: str
    repository: Path
    checkpoints: Mapping[str, Path]  # what it was exported from: recogniser, punctuation, tacotron2, waveglow

    def checkpoint(self, network: str) -> Path:
        """Return the .nemo file of a network.

        Raises:
            GraphsError: it is not there, or there is nothing to restore it with.
        """
        require_nemo()
        if not self.checkpoints[network].exists():
            raise GraphsError(
                f"{network}, {self.name} size: expected {self.checkpoints[network]}, found none; "
                "check the checkout."
            )
        return self.checkpoints[network]

    def voice(self) -> Voice:
        """Return what the checkpoints of synthesis decide."""
        folder = self.repository / "tts_utterances/1"
        return Voice.load(folder / "tacotron2.json", folder / "waveglow.json")

    @property
    def repositories(self) -> tuple[Path, Path]:
        """What tritonserver is given."""
        return self.repository, ENSEMBLES


def demo_size() -> Size:
    """Return the repository as it is served from the checkout."""
    folder = ROOT / "training/checkpoints"
    return Size(
        "demo", COMMITTED, {network: folder / f"{name}_small_en.nemo" for network, name in NAMES.items()}
    )


def full_size() -> Size:
    """Return a repository of the published sizes, with random weights; exported once, then cached.

    Raises:
        GraphsError: there is no export environment, or the export failed.
    """
    folder = CACHE / f"full-{_fingerprint()}"
    repository = folder / "model_repository"
    checkpoints = {network: folder / f"{network}.nemo" for network in MAKERS}
    complete = folder / "complete"
    if not complete.exists():
        require_nemo()
        shutil.rmtree(folder, ignore_errors=True)
        _copy_code(repository)
        for network, (module, kind) in MAKERS.items():
            _say(f"making {kind} and exporting it, once (minutes) ...")
            _nemo(module, kind, str(checkpoints[network]))
            _nemo("perf.unverified_export", str(checkpoints[network]), "--repository", str(repository))
        complete.touch()
    _copy_code(repository)
    size = Size("full", repository, checkpoints)
    dims = {path.parents[1].name: graph_dims(path) for path in repository.glob("*/1/model.onnx")}
    noise_per_frame = size.voice().latent_columns(1)
    fit_configs(repository, dims, {"tts_waveglow": WarmUpRatio("mel", "z", noise_per_frame)})
    return size


def _copy_code(repository: Path) -> None:
    """Make configs and model code the checkout's of today."""
    for file in (*COMMITTED.glob("*/config.pbtxt"), *COMMITTED.glob("*/1/model.py")):
        target = repository / file.relative_to(COMMITTED)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def _fingerprint() -> str:
    """Say which code makes the graphs, so that a change of it makes them anew."""
    digest = hashlib.sha256()
    for pattern in _MADE_BY:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def require_nemo() -> None:
    """Check that the export environment is there."""
    if not NEMO_PYTHON.exists():
        raise GraphsError(
            f"expected the export environment in {NEMO_PYTHON.parent.parent.name}, found none; "
            "run `make export-env`, or measure what needs no NeMo."
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
