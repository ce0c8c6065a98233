"""Load a punctuation restorer from its folder, its parameters and the model that it calls."""

from __future__ import annotations

from pathlib import Path

from ..concurrency import Bind, work_ahead
from ..model_parameters import Parameters
from .restoration import Batch, Labels, Logits, PunctuationRestorer
from .windows import WindowTokenizer


def load_punctuator(
    folder: Path, parameters: Parameters, bind: Bind, *, ahead: bool = True
) -> PunctuationRestorer:
    """Load a punctuation restorer.

    Args:
        folder: holds tokenizer.json and punctuation.json.
        parameters: of the model: punctuation_model, windows_per_batch, and how much runs at a time.
        bind: makes a function that calls a model.
        ahead: process several batches of a text concurrently, in threads.

    Raises:
        ArtifactError: a file or a parameter is missing or wrong.
    """
    network = bind(
        parameters.name("punctuation_model"),
        ["input_ids", "attention_mask"],
        ["punct_logits", "capit_logits"],
    )

    def logits(batch: Batch) -> Logits:
        marks, capitals = network(*batch)
        return marks, capitals

    requests, batches = parameters.count("requests_in_flight"), parameters.count("batches_in_flight")
    return PunctuationRestorer(
        WindowTokenizer.load(folder),
        Labels.load(folder / "punctuation.json"),
        logits,
        parameters.count("windows_per_batch"),
        work_ahead(requests, batches) if ahead else map,
    )
