"""Run Model Analyzer on models of this repository: `python -m perf.tune --model-analyzer [MODEL ...]`."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

import yaml

from perf.instruments.command_line import log
from perf.instruments.paths import RESULTS
from perf.instruments.perf_analyzer import Analyzer, find_analyzer
from perf.tune.candidates import MODELS
from perf.tune.model_analyzer.inputs import write_inputs
from perf.tune.model_analyzer.plan import SearchSite, adapted, read_search
from perf.tune.model_analyzer.summary import TABLE, lines_to_paste
from perf.tune.repository import varied_copy
from perf.tune.settings import TuneError
from tritone.server import Ports
from tritone.server.environment import server_environment
from tritone.server.installation import Installation, build_backend_directory, find_installation
from tritone.server.options import ROOT

OWN = ROOT / ".cache/model-analyzer/bin/model-analyzer"
# Variables of the server's environment that Model Analyzer's own environment lacks.
_SERVER_VARIABLES = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Add the options of Model Analyzer."""
    parser.add_argument("--model-analyzer", action="store_true", help="search with it; needs a GPU")
    parser.add_argument("--cpu", action="store_true", help="CPU instances, without a GPU")
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FOLDER",
        help="for its output (default: perf/results/tune-<time>)",
    )


def run(given: argparse.Namespace) -> int:
    """Search the requested models one after the other; return 0 if all searches succeeded.

    Raises:
        TuneError: there is no GPU or no Model Analyzer; the message names the remedy.
        ServerError: the server did not start.
    """
    if not given.cpu:
        require_gpu()
    searches = {model: read_search(model) for model in given.models or MODELS}
    command = find_command()
    installation = find_installation()
    started = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    results = (given.results or RESULTS / f"tune-{started}").resolve()
    results.mkdir(parents=True, exist_ok=True)
    failed = []
    with tempfile.TemporaryDirectory(prefix="tritone-tune-") as folder:
        analyzer = find_analyzer()
        models = varied_copy(given.model_repository, Path(folder) / "models", {}, given.model_config_name)
        log("tune: starting a server to make input data ...")
        inputs = write_inputs(list(searches), models, results)
        backends = build_backend_directory(installation, Path(folder) / "backends")
        for model, search in searches.items():
            place = SearchSite(
                models=models,
                results=results / model,
                input_data=inputs[model],
                server=installation.binary,
                server_flags={"backend-directory": str(backends)},
                server_environment=_server_environment(installation, analyzer),
                analyzer=analyzer.binary,
                ports=Ports.free(),
            )
            configuration = adapted(search, place, given.cpu, given.quick)
            try:
                _search(command, configuration, place, analyzer.environment)
            except TuneError as error:  # continue with the other models
                log(f"perf.tune: {model}: {error}")
                failed.append(model)
    return 1 if failed else 0


def require_gpu() -> None:
    """Check that there is a GPU.

    Raises:
        TuneError: there is none.
    """
    found = shutil.which("nvidia-smi")
    if found is None or subprocess.run([found, "-L"], capture_output=True).returncode:
        raise TuneError(
            "--model-analyzer: expected an NVIDIA GPU, found none (nvidia-smi -L); run it on a GPU node, "
            "or add --cpu to search CPU instances here."
        )


def find_command() -> Path:
    """Return model-analyzer: from PATH, as in NVIDIA's SDK image, or else installed into .cache/.

    Raises:
        TuneError: it cannot be installed.
    """
    found = shutil.which("model-analyzer")
    if found:
        return Path(found)
    finished = subprocess.run(
        [sys.executable, str(ROOT / "tools/environment.py"), "model-analyzer"], stdout=sys.stderr
    )
    if finished.returncode or not OWN.exists():
        raise TuneError(
            "model-analyzer: expected it on PATH, found none, and perf/tune/model_analyzer/requirements.txt "
            "could not be installed (pip's message is above); install triton-model-analyzer, or use NVIDIA's "
            "tritonserver SDK image, which contains it."
        )
    return OWN


def _search(
    command: Path, configuration: Mapping[str, object], place: SearchSite, environment: Mapping[str, str]
) -> None:
    place.results.mkdir(parents=True, exist_ok=True)
    for folder in ("models", "checkpoints"):  # of an earlier run, which would be continued or refused
        shutil.rmtree(place.results / folder, ignore_errors=True)
    (place.results / "checkpoints").mkdir()
    file = place.results / "search.yaml"
    file.write_text(yaml.safe_dump(dict(configuration), sort_keys=False), encoding="utf-8")
    log(f"tune: model-analyzer profile -f {file} ...")
    finished = subprocess.run(
        [str(command), "profile", "-f", str(file)], cwd=place.results, env=dict(environment)
    )
    if finished.returncode:
        raise TuneError(f"model-analyzer: ended with code {finished.returncode}; its output is above.")
    table = place.results / TABLE
    lines = lines_to_paste(place.results)
    print(f"{place.results.name}, best first ({table}):\n{table.read_text(encoding='utf-8')}\n{lines}")


def _server_environment(installation: Installation, analyzer: Analyzer) -> dict[str, str]:
    """Return variables for the server; Model Analyzer passes them to perf_analyzer too."""
    libraries = {"LD_LIBRARY_PATH": analyzer.environment["LD_LIBRARY_PATH"]}
    environment = server_environment(dict(os.environ) | libraries, installation)
    return {
        name: value
        for name, value in environment.items()
        if name in _SERVER_VARIABLES or name.startswith("MALLOC_") or name == "TOKENIZERS_PARALLELISM"
    }
