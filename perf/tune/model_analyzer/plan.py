"""From a committed search to one that runs here: paths, ports, input data, and CPU in place of GPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from perf.tune.settings import TuneError
from tritone.server import Ports

FOLDER = Path(__file__).parent
MODELS = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))
# Figures of a look need not settle: ten attempts with ever more requests take minutes on a busy machine.
_HASTY = {"perf_analyzer_max_auto_adjusts": 2}
_HASTY_FLAGS = {"stability-percentage": 50, "max-trials": 3}


@dataclass(frozen=True)
class Place:
    """Where a search runs."""

    models: Path  # the repository whose models are searched, configs as they are to start from
    results: Path  # folder for everything that Model Analyzer writes
    input_data: Path  # perf_analyzer's JSON
    server: Path  # tritonserver
    server_flags: Mapping[str, str]
    server_environment: Mapping[str, str]
    analyzer: Path  # perf_analyzer
    ports: Ports


def read_search(model: str) -> dict[str, Any]:
    """Return what is searched for a model.

    Raises:
        TuneError: there is no search for it.
    """
    if model not in MODELS:
        raise TuneError(
            f"model: expected some of {', '.join(MODELS)}, got {model!r}; correct the name, or write "
            f"{FOLDER.name}/{model}.yaml."
        )
    search: dict[str, Any] = yaml.safe_load((FOLDER / f"{model}.yaml").read_text(encoding="utf-8"))
    return search


def adapted(search: Mapping[str, Any], place: Place, cpu: bool, quick: bool) -> dict[str, Any]:
    """Return a whole configuration of `model-analyzer profile`.

    Args:
        search: what is searched, as `read_search` gave it.
        place: where.
        cpu: without a GPU: CPU instances, no bounds on GPU memory.
        quick: only the first value of every list, and two instance counts: shows that it runs.
    """
    ports = place.ports
    return {
        **search,
        **(_HASTY if quick else {}),
        "profile_models": {
            name: _model(spec, place, cpu, quick) for name, spec in search["profile_models"].items()
        },
        "model_repository": str(place.models),
        "output_model_repository_path": str(place.results / "models"),
        "override_output_model_repository": True,
        "checkpoint_directory": str(place.results / "checkpoints"),
        "export_path": str(place.results),
        "triton_launch_mode": "local",
        "triton_server_path": str(place.server),
        "triton_server_flags": dict(place.server_flags),
        "triton_server_environment": dict(place.server_environment),
        "triton_output_path": str(place.results / "tritonserver.log"),
        "triton_http_endpoint": f"localhost:{ports.http}",
        "triton_grpc_endpoint": f"localhost:{ports.grpc}",
        "triton_metrics_url": f"http://localhost:{ports.metrics}/metrics",
        "perf_analyzer_path": str(place.analyzer),
        "collect_cpu_metrics": cpu,
        "always_report_gpu_metrics": not cpu,
    }


def _model(spec: Mapping[str, Any], place: Place, cpu: bool, quick: bool) -> dict[str, Any]:
    flags = {**spec.get("perf_analyzer_flags", {}), **(_HASTY_FLAGS if quick else {})}
    adapted = {**spec, "perf_analyzer_flags": {**flags, "input-data": str(place.input_data)}}
    parameters = {**spec["model_config_parameters"]}
    groups = parameters["instance_group"]
    if quick:
        adapted["parameters"] = {name: values[:1] for name, values in spec["parameters"].items()}
        parameters = _first(parameters)
        parameters["instance_group"] = [{**group, "count": group["count"][:2]} for group in groups]
    if cpu:
        adapted["cpu_only"] = True
        adapted["constraints"] = {
            name: bound for name, bound in spec["constraints"].items() if not name.startswith("gpu_")
        }
        parameters["instance_group"] = [
            {**group, "kind": "KIND_CPU"} for group in parameters["instance_group"]
        ]
    return {**adapted, "model_config_parameters": parameters}


def _first(value: Any) -> Any:
    """Leave one value of every list of numbers."""
    if isinstance(value, dict):
        return {name: _first(inner) for name, inner in value.items()}
    return value[:1] if isinstance(value, list) else value
