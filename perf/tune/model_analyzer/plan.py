"""Adapt a committed search to this machine: paths, ports, input data, and CPU instead of GPU."""

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
# A smoke test needs no stable figures: the default of ten attempts takes minutes on a busy machine.
_QUICK = {"perf_analyzer_max_auto_adjusts": 2}
_QUICK_FLAGS = {"stability-percentage": 50, "max-trials": 3}


@dataclass(frozen=True)
class SearchSite:
    """Paths, ports and environment of a search."""

    models: Path  # the model repository, with the configs to start from
    results: Path  # folder for Model Analyzer's output
    input_data: Path  # perf_analyzer's JSON
    server: Path  # tritonserver
    server_flags: Mapping[str, str]
    server_environment: Mapping[str, str]
    analyzer: Path  # perf_analyzer
    ports: Ports


def read_search(model: str) -> dict[str, Any]:
    """Return the committed search for a model.

    Raises:
        TuneError: there is none.
    """
    if model not in MODELS:
        raise TuneError(
            f"model: expected some of {', '.join(MODELS)}, got {model!r}; correct the name, or write "
            f"{FOLDER.name}/{model}.yaml."
        )
    search: dict[str, Any] = yaml.safe_load((FOLDER / f"{model}.yaml").read_text(encoding="utf-8"))
    return search


def adapted(search: Mapping[str, Any], place: SearchSite, cpu: bool, quick: bool) -> dict[str, Any]:
    """Return a complete configuration of `model-analyzer profile`.

    Args:
        search: a search from `read_search`.
        place: paths and ports.
        cpu: use CPU instances and no bounds on GPU memory.
        quick: a smoke test with the first value of every list and two instance counts.
    """
    ports = place.ports
    return {
        **search,
        **(_QUICK if quick else {}),
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


def _model(spec: Mapping[str, Any], place: SearchSite, cpu: bool, quick: bool) -> dict[str, Any]:
    flags = {**spec.get("perf_analyzer_flags", {}), **(_QUICK_FLAGS if quick else {})}
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
    """Keep only the first value of every list."""
    if isinstance(value, dict):
        return {name: _first(inner) for name, inner in value.items()}
    return value[:1] if isinstance(value, list) else value
