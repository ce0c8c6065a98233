"""What do export and serving gain? The served pipeline against NeMo in-process, on the same checkpoints."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from perf.bench.effort import Effort
from perf.bench.nemo_process import NemoProcess, nemo_process
from perf.bench.nemo_worker import RECOGNITION
from perf.bench.results import Result, Row, Target
from perf.instruments.clips import CLIP_S, Clip, equal_clips
from perf.instruments.load_client import LoadClient, output_text, serialised
from perf.instruments.model_sizes import Size
from perf.instruments.server import serving
from perf.instruments.timing import interleaved, ratio, spread

CONCURRENCY = 4
BATCH_SIZES = (1, CONCURRENCY)  # of NeMo; the faster one is compared
TARGET = Target(3.0, at_least=True)
SERVED = "served"


@contextmanager
def nemo(size: Size, clips: list[Clip]) -> Iterator[NemoProcess]:
    """Restore both checkpoints in a process of the export environment while the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        clips_file = Path(folder) / "clips.npy"
        np.save(clips_file, np.stack(clips))
        checkpoints = size.checkpoint("recogniser"), size.checkpoint("punctuation")
        with nemo_process(RECOGNITION, *checkpoints, clips_file) as process:
            yield process


def measure(size: Size, effort: Effort) -> Result:
    """Compare throughputs at one size."""
    clips = equal_clips(effort.clips(size))
    requests = [serialised(clip) for clip in clips]
    with (
        nemo(size, clips) as reference,
        serving(size.repository) as server,
        LoadClient(server.grpc_url, CONCURRENCY) as client,
    ):
        batched = {f"NeMo, batch {batch_size}": batch_size for batch_size in BATCH_SIZES}
        rates = interleaved(
            {
                SERVED: lambda: len(client.answers(requests)),
                **{name: partial(_recognised, reference, batch_size) for name, batch_size in batched.items()},
            },
            effort.rounds,
        )
        texts = [output_text(answer) for answer in client.answers(requests)]
        best = max(batched, key=lambda name: rates[name].median)
        differing = sum(a != b for a, b in zip(texts, reference.ask(1), strict=True))
    low, high = spread(rates[SERVED], rates[best])
    others = ", ".join(f"{name} {rates[name].median:.2f}" for name in batched if name != best)
    return Result(
        f"nemo {size.name}",
        [
            Row(
                f"served ensemble at concurrency {CONCURRENCY} against NeMo in-process, {size.name} size",
                f"{rates[SERVED].median:.2f} clips/s",
                f"{rates[best].median:.2f} clips/s ({best})",
                ratio(rates[SERVED], rates[best]),
                target=TARGET if size.name == "full" else None,
            )
        ],
        [
            f"{size.name} size, transcribe() and add_punctuation_capitalization(): {len(clips)} clips "
            f"of {CLIP_S:g} s per round, {effort.rounds} rounds; ratio of single rounds {low:.2f} to "
            f"{high:.2f}; {others} clips/s; {differing} of {len(texts)} texts differ between served and NeMo."
        ],
        {
            "clips_per_round": len(clips),
            "concurrency": CONCURRENCY,
            "texts_differing": differing,
            "clips_per_s": {name: rate.per_round for name, rate in rates.items()},
        },
    )


def _recognised(reference: NemoProcess, batch_size: int) -> int:
    return len(reference.ask(batch_size))
