"""Real inputs for the models that are searched, as perf_analyzer wants them."""

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

AT_MOST = 12  # recordings, and texts


def write_inputs(models: Sequence[str], repository: Path, folder: Path) -> dict[str, Path]:
    """Serve the repository, send recordings and texts through it, and write down what each model gets.

    Returns:
        By model, the file for --input-data.

    Raises:
        ServerError: the server did not start.
        MeasurementError: an input was refused on the way.
    """
    files = {}
    with serving(repository) as server:
        stages = Stages(Connection(server.grpc_url), read_sources(RECORDINGS, TEXTS, AT_MOST), repository)
        for model in models:
            files[model] = folder / f"{model}.json"
            write_input_data(make_requests(model, stages).requests, files[model])
    return files
