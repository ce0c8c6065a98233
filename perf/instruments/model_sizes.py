"""The model repositories that are measured: the committed one, and one of the published sizes.

The second has random weights. It is made here and nowhere else, from each family's `random_checkpoint.py`.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from export.configs import WarmUpRatio, fit_configs, graph_dims
from export.families import families
from export.family import Family
from export.synthesis.voice import installed_voice
from perf.instruments.command_line import log
from perf.instruments.errors import SetupError
from perf.instruments.paths import NEMO_PYTHON
from tritone.repository.configs import read_repositories
from tritone.server.options import REPOSITORIES, ROOT
from tritone.synthesis.voice import Voice

CACHE = ROOT / ".cache/perf"
COMMITTED = REPOSITORIES[0]
FAMILIES = {  # by role: those whose models are in the committed repository
    family.role: family
    for family in families()
    if all((COMMITTED / model).is_dir() for model in family.models)
}


@dataclass(frozen=True)
class Size:
    """One model repository, named by the size of its networks."""

    name: str
    repository: Path
    checkpoints: Mapping[str, Path]  # that it was exported from, by role of the family

    def checkpoint(self, role: str) -> Path:
        """Return the .nemo file of the recogniser, punctuation, spectrograms or vocoder.

        Raises:
            SetupError: the checkpoint or the export environment is missing.
        """
        require_nemo()
        if not self.checkpoints[role].exists():
            raise SetupError(
                f"{role}, {self.name} size: expected {self.checkpoints[role]}, found none; "
                "check the checkout."
            )
        return self.checkpoints[role]

    def voice(self) -> Voice:
        """Return the properties of the installed voice."""
        return installed_voice(self.repository)


def demo_size() -> Size:
    """Return the committed repository: the bundled checkpoints."""
    folder = ROOT / "training/checkpoints"
    checkpoints = {role: folder / f"{family.name}_small_en.nemo" for role, family in FAMILIES.items()}
    return Size("demo", COMMITTED, checkpoints)


def full_size() -> Size:
    """Return a repository of the published sizes with random weights, exported on first use, then cached.

    Raises:
        SetupError: there is no export environment, or the export failed.
    """
    folder = CACHE / f"full-{_fingerprint()}"
    repository = folder / "model_repository"
    checkpoints = {role: folder / f"{role}.nemo" for role in FAMILIES}
    complete = folder / "complete"
    if not complete.exists():
        require_nemo()
        shutil.rmtree(folder, ignore_errors=True)
        _copy_code(repository)
        for role, family in FAMILIES.items():
            log(f"making and exporting a full-size {family.name}, once (takes minutes) ...")
            install = ("--install", str(repository))
            _nemo("export.random_checkpoint", family.name, str(checkpoints[role]), *install)
        complete.touch()
    _copy_code(repository)
    size = Size("full", repository, checkpoints)
    dims = {path.parents[1].name: graph_dims(path) for path in repository.glob("*/1/model.onnx")}
    # The noise in a vocoder's warm-up request is in proportion to the frames.
    noise = WarmUpRatio("mel", "z", size.voice().latent_columns(1))
    vocoders = [model for model, inputs in dims.items() if {"mel", "z"} <= inputs.keys()]
    fit_configs(repository, dims, dict.fromkeys(vocoders, noise))
    return size


def family_size(family: type[Family]) -> Size:
    """Return a repository of one family's published size, for a family without bundled models.

    Raises:
        SetupError: there is no export environment, or the export failed.
    """
    folder = CACHE / f"{family.name}-{_fingerprint()}"
    checkpoint, complete = folder / f"{family.name}.nemo", folder / "complete"
    if not complete.exists():
        require_nemo()
        shutil.rmtree(folder, ignore_errors=True)
        log(f"making and exporting a full-size {family.name}, once (takes minutes) ...")
        repository = ("--install", str(folder / "model_repository"))
        _nemo("export.random_checkpoint", family.name, str(checkpoint), *repository)
        complete.touch()
    return Size("full", folder / "model_repository", {family.role: checkpoint})


SIZES: dict[str, Callable[[], Size]] = {"demo": demo_size, "full": full_size}


def _copy_code(repository: Path) -> None:
    """Copy configs and model code from the checkout, and the graphs that belong to no checkpoint."""
    shared = {name for folder in read_repositories([COMMITTED]) for name in folder.shared}
    found = (COMMITTED / name / "1/model.onnx" for name in sorted(shared))
    graphs = [graph for graph in found if graph.is_file()]  # pipelines have none
    for file in (*COMMITTED.glob("*/config.pbtxt"), *COMMITTED.glob("*/1/model.py"), *graphs):
        target = repository / file.relative_to(COMMITTED)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def _fingerprint() -> str:
    """Return a hash of the code that makes the graphs: when it changes, they are made again."""
    digest = hashlib.sha256()
    for file in sorted(ROOT.glob("export/**/*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def require_nemo() -> None:
    """Check that the export environment is there."""
    if not NEMO_PYTHON.exists():
        raise SetupError(
            f"expected the export environment in {NEMO_PYTHON.parent.parent.name}, found none; "
            "run `make export-env`, or choose measurements that do not need NeMo."
        )


def _nemo(module: str, *arguments: str) -> None:
    finished = subprocess.run(
        [str(NEMO_PYTHON), "-m", module, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    if finished.returncode:
        raise SetupError(
            f"python -m {module}: ended with code {finished.returncode}.\n{finished.stderr[-2000:]}"
        )
