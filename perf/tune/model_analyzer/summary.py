"""Model Analyzer's best variant, as lines for a config.pbtxt."""

from __future__ import annotations

import csv
from pathlib import Path

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from perf.tune.settings import TuneError
from tritone.repository.configs import read_config

TABLE = "results/metrics-model-inference.csv"
SEARCHED = ("max_batch_size", "dynamic_batching", "instance_group")


def best_variant(results: Path) -> str:
    """Return the name of the best variant that satisfies the constraints.

    Args:
        results: Model Analyzer's output folder; its table is sorted, best first.

    Raises:
        TuneError: there is no table, or no such variant.
    """
    path = results / TABLE
    if not path.is_file():
        raise TuneError(f"{path}: expected Model Analyzer's table, found none; its output is above.")
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row.get("Satisfies Constraints") == "Yes":
                return row["Model Config Path"]
    raise TuneError(
        f"{path}: expected a variant within the constraints, found none; loosen them in the search's .yaml."
    )


def lines_to_paste(results: Path) -> str:
    """Return the best variant's settings of batches and instances, or a note that the present config is best.

    Raises:
        TuneError: as `best_variant`.
        ArtifactError: the variant's config is not valid.
    """
    name = best_variant(results)
    if name.endswith("_config_default"):
        return "# the present config is best\n"
    config = read_config(results / "models" / name / "config.pbtxt")
    chosen = model_config_pb2.ModelConfig()
    for descriptor, value in config.ListFields():
        if descriptor.name in SEARCHED:
            if descriptor.is_repeated:
                getattr(chosen, descriptor.name).extend(value)
            elif descriptor.message_type:
                getattr(chosen, descriptor.name).CopyFrom(value)
            else:
                setattr(chosen, descriptor.name, value)
    return f"# {name}\n{text_format.MessageToString(chosen)}"
