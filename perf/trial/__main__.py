"""Try a checkpoint without installing it: `python -m perf.trial NAME`.

It is downloaded if it is given by its published name, exported into copies of the repositories, compared with
NeMo, served by a real Triton server, and measured on the demo's recordings. A voice is tried as a pair: a
spectrogram generator and a vocoder.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tritone_client import Client, TritoneError

from export.catalogue import amount
from export.checkpoint import Checkpoint
from export.checkpoint_store import Store
from export.errors import ExportError, UnsupportedCheckpointError
from export.families import class_of
from export.family import Family
from export.fetch import DIRECTORY, INTERRUPTED, fetched
from perf.instruments.errors import MeasurementError
from perf.instruments.metrics import fetch, model_work, work_between
from perf.trial.measuring import measure_punctuation, measure_recogniser, measure_voice, roles_tried
from perf.trial.steps import Trial
from tritone.errors import ArtifactError, ServerError
from tritone.repository.file_names import GRAPH
from tritone.repository.sets import Sets
from tritone.server import Ports, ServerOptions, TritonServer
from tritone.server.options import REPOSITORIES

ROOT = Path(__file__).resolve().parents[2]
NEMO_PYTHON = Path(".venv-export/bin/python")
NAME = "trial"  # of the set of models that a checkpoint gets, beside the others of the copies
WORST_RATE = 0.5  # word error rate of a trained recogniser on synthetic voices that it has not heard


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a checkpoint; 0 when everything holds, 1 when something does not, 2 when it is refused."""
    given = _parser().parse_args(arguments)
    try:
        return _run(given)
    except KeyboardInterrupt:
        print("\ntrial: interrupted; nothing was installed", file=sys.stderr)
        return INTERRUPTED


def _run(given: argparse.Namespace) -> int:
    try:
        store = Store.at(given.directory)
        checkpoints = [Checkpoint.open(fetched(name, store, given.yes)) for name in given.checkpoints]
        families = [class_of(checkpoint) for checkpoint in checkpoints]
        kind = roles_tried([family.role for family in families])
        if not kind:
            described = ", ".join(f"{family.class_name} ({family.role})" for family in families)
            raise UnsupportedCheckpointError(
                "trial: expected one recogniser, one punctuation model, or both halves of a voice "
                f'(NAME="SPECTROGRAMS VOCODER"), got {described}.'
            )
        _require_paths(given)
        require_free_name(REPOSITORIES)
    except (ExportError, ArtifactError) as error:
        print(error, file=sys.stderr)
        return 2
    beside = all(family.model_set is not Family.model_set for family in families)
    trial = Trial(f"Trial of {', '.join(checkpoint.path.name for checkpoint in checkpoints)}")
    for checkpoint, family in zip(checkpoints, families, strict=True):
        size = amount(checkpoint.path.stat().st_size)
        trial.add(
            "archive",
            True,
            f"{checkpoint.path}: {family.class_name}, {size}, sha256 {checkpoint.sha256[:12]}",
        )
    with tempfile.TemporaryDirectory(prefix="tritone-trial-", dir=given.scratch) as folder:
        repositories = _copies(Path(folder))
        code = _export(trial, checkpoints, repositories, beside, given)
        if code == 0:
            networks = _networks(repositories[0], families, beside)
            _serve(trial, kind, repositories, networks, given)
    install = f"make export CHECKPOINT={_quoted(given.checkpoints)}{' NAME=my_name' if beside else ''}"
    print(trial.report(install))
    return code if code else 0 if trial.passed else 1


def _require_paths(given: argparse.Namespace) -> None:
    """Refuse paths that the trial could not start with.

    Raises:
        ExportError: NeMo's Python or the folder for the copies is missing.
    """
    if not given.nemo_python.is_file():
        raise ExportError(
            f"nemo-python: expected the Python of NeMo's environment, found none at {given.nemo_python}; run "
            "`make export-env`."
        )
    if given.scratch and not given.scratch.is_dir():
        raise ExportError(f"scratch: expected a folder, found none at {given.scratch}; create it.")


def require_free_name(repositories: Sequence[Path]) -> None:
    """Refuse a trial in copies of repositories that have a set of its name, which would answer for it.

    Raises:
        ExportError: there is one.
    """
    if NAME in Sets(repositories).names:
        raise ExportError(
            f"trial: expected repositories without a set of the name {NAME}, which the checkpoint gets in "
            f"copies of them, got one; remove it (`make remove NAME={NAME}`) or export it under another name."
        )


def _copies(folder: Path) -> list[Path]:
    """Copies of both repositories, as they are installed."""
    for repository in REPOSITORIES:
        shutil.copytree(repository, folder / repository.name)
    return [folder / repository.name for repository in REPOSITORIES]


def _export(
    trial: Trial,
    checkpoints: Sequence[Checkpoint],
    repositories: Sequence[Path],
    beside: bool,
    given: argparse.Namespace,
) -> int:
    """Export in NeMo's environment, with its output shown; return the command's exit code."""
    models, ensembles = repositories
    command = [
        str(given.nemo_python),
        "-m",
        "export",
        *(str(checkpoint.path.resolve()) for checkpoint in checkpoints),
    ]
    command += ["--repository", str(models), "--calibration", str(ROOT / "demo/recordings")]
    command += ["--beside", NAME, "--ensembles", str(ensembles)] if beside else []
    command += ["--threads", str(given.threads)] if given.threads else []
    command += given.export_args
    trial.say("Exporting, and comparing with NeMo ...")
    started_s = time.perf_counter()
    code = subprocess.call(command, cwd=ROOT)
    seconds = time.perf_counter() - started_s
    outcome = {
        0: "every graph equals NeMo's model within its tolerance",
        1: "a graph differs from NeMo's model",
    }
    trial.add("export", code == 0, f"{outcome.get(code, 'refused, see the message above')}; {seconds:.0f} s")
    return code


def _networks(repository: Path, families: Sequence[type[Family]], beside: bool) -> list[str]:
    """The exported models that have graphs: a trial in which one of them is idle has tried something else."""
    models = sorted({model for family in families for model in family.models})
    named = [f"{model}_{NAME}" if beside else model for model in models]
    return [model for model in named if (repository / model / "1" / GRAPH).is_file()]


def _serve(
    trial: Trial,
    kind: str,
    repositories: Sequence[Path],
    networks: Sequence[str],
    given: argparse.Namespace,
) -> None:
    """Serve the copies and measure what was exported."""
    name = NAME if all(model.endswith(f"_{NAME}") for model in networks) else ""
    trial.say("Starting Triton with the exported models ...")
    started_s = time.perf_counter()
    options = ServerOptions(repositories=repositories, ports=Ports.free())
    try:
        with (
            TritonServer(options) as server,
            Client(server.grpc_url, model=name) as tried,
            Client(server.grpc_url, model=given.recogniser) as recogniser,
        ):
            trial.add("serve", True, f"ready after {time.perf_counter() - started_s:.0f} s")
            before = model_work(fetch(server.metrics_url))
            if kind == "recogniser":
                measure_recogniser(trial, tried, recogniser, given.worst_word_error_rate)
            elif kind == "voice":
                measure_voice(trial, tried, recogniser)
            else:
                measure_punctuation(trial, tried)
            busy = {work.model for work in work_between(before, model_work(fetch(server.metrics_url)))}
            idle = [model for model in networks if model not in busy]
            found = f"idle: {', '.join(idle)}" if idle else f"the answers came from {', '.join(networks)}"
            trial.add("models", not idle, found)
    except (ServerError, TritoneError, MeasurementError) as error:
        trial.add("serve", False, str(error))


def _quoted(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f'"{" ".join(names)}"'


def _parser() -> argparse.ArgumentParser:
    description = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m perf.trial", description=description)
    parser.add_argument(
        "checkpoints", nargs="+", metavar="NAME", help="a published name or a .nemo file; two for a voice"
    )
    parser.add_argument("--nemo-python", type=Path, default=NEMO_PYTHON, help="default: %(default)s")
    parser.add_argument(
        "--directory", type=Path, default=DIRECTORY, help="of downloads, default: %(default)s"
    )
    parser.add_argument(
        "--scratch", type=Path, help="folder for the copies, default: the system's temporary one"
    )
    parser.add_argument(
        "--recogniser", default="", help="name of an installed one to compare with, or to hear a voice with"
    )
    parser.add_argument(
        "--worst-word-error-rate", type=float, default=WORST_RATE, help="that passes, default: %(default)s"
    )
    parser.add_argument("--threads", type=int, help="of the export, default: all cores")
    parser.add_argument(
        "--export-args",
        type=shlex.split,
        default=[],
        metavar='"OPTION ..."',
        help="of `python -m export`, e.g. --half",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask before downloading more than 2 GB")
    return parser


if __name__ == "__main__":
    sys.exit(main())
