"""Mixed requests to the pipelines, serialised before the measurement."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, islice

from perf.instruments.clips import mixed_clips
from perf.instruments.load_client import output_samples, output_text, serialised, serialised_text
from perf.instruments.texts import texts

POOL = 40  # different requests to a pipeline
SEED = 1


def pool(pipeline: str) -> list[bytes]:
    """Return requests to a pipeline: recordings of 0.5 to 40 s, or texts of one to three sentences."""
    if pipeline == "speech_to_text":
        return [serialised(clip) for clip in islice(mixed_clips(SEED), POOL)]
    return [serialised_text(text, SEED) for text in texts(POOL)]


def traffic(pipelines: Sequence[str], count: int, pools: dict[str, list[bytes]]) -> list[tuple[str, bytes]]:
    """Return `count` requests with their pipelines, alternating between these."""
    queues = {pipeline: cycle(pools[pipeline]) for pipeline in pipelines}
    return [(pipeline, next(queues[pipeline])) for pipeline in islice(cycle(pipelines), count)]


def same_answer(pipeline: str, one: bytes, other: bytes) -> bool:
    """Whether two answers are the same text, or speech of the same length.

    With another number of threads sums are computed in another order, so samples agree only up to rounding.
    """
    if pipeline == "speech_to_text":
        return output_text(one) == output_text(other)
    return output_samples(one).size == output_samples(other).size
