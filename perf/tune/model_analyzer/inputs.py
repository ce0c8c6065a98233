"""Real inputs for the searched models, in perf_analyzer's format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from perf.instruments.connection import Connection
from perf.instruments.inputs.model_requests import make_requests
from perf.instruments.inputs.requests import write_input_data
from perf.instruments.inputs.sources import read_sources
from perf.instruments.inputs.stages import Stages
from perf.instruments.paths import RECORDINGS, TEXTS
from perf.instruments.server import serving

AT_MOST = 12  # recordings, and as many texts


def write_inputs(models: Sequence[str], repository: Path, folder: Path) -> dict[str, Path]:
    """Serve the repository, send recordings and texts through it, and write the inputs of each model.

    Returns:
        Files for --input-data, by model.

    Raises:
        ServerError: the server did not start.
        MeasurementError: a model refused an input.
    """
    files = {}
    with serving(repository) as server:
        stages = Stages(Connection(server.grpc_url), read_sources(RECORDINGS, TEXTS, AT_MOST), repository)
        for model in models:
            files[model] = folder / f"{model}.json"
            write_input_data(make_requests(model, stages).requests, files[model])
    return files
