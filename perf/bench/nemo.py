"""What does exporting and serving gain? The served pipeline against NeMo in-process, on one checkpoint."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from perf.bench.clips import CLIP_S, ROOT, Clip, equal_clips
from perf.bench.effort import Effort
from perf.bench.graphs import NEMO_PYTHON, GraphsError, Size
from perf.bench.load import LoadClient, output_text, serialised
from perf.bench.results import Result, Row, Target
from perf.bench.server import serving
from perf.bench.timing import interleaved, ratio, spread

CONCURRENCY = 4
BATCH_SIZES = (1, CONCURRENCY)  # NeMo's; the faster one counts
TARGET = Target(3.0, at_least=True)
SERVED = "served"


class Nemo:
    """The worker process in the export environment."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log
        self._answer()  # restored and ready

    def recognise_all(self, batch_size: int) -> list[str]:
        """Return the texts of all clips."""
        print(batch_size, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> list[str]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise GraphsError(f"NeMo's process ended early.\n{self._log.read_text()[-2000:]}")
        return json.loads(line)


@contextmanager
def nemo(size: Size, clips: list[Clip]) -> Iterator[Nemo]:
    """Keep both checkpoints restored in a process of the export environment."""
    with tempfile.TemporaryDirectory() as folder:
        clips_file, log = Path(folder) / "clips.npy", Path(folder) / "log"
        np.save(clips_file, np.stack(clips))
        command = [NEMO_PYTHON, "-m", "perf.bench.nemo_worker", *size.checkpoints, clips_file]
        with (
            log.open("w") as errors,
            subprocess.Popen(
                list(map(str, command)),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as process,
        ):
            try:
                yield Nemo(process, log)
            finally:
                process.communicate()


def measure(size: Size, effort: Effort) -> Result:
    """Compare throughputs at one size."""
    clips = equal_clips(effort.clips(size))
    requests = [serialised(clip) for clip in clips]
    with (
        nemo(size, clips) as reference,
        serving(size) as server,
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
        differing = sum(a != b for a, b in zip(texts, reference.recognise_all(1), strict=True))
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


def _recognised(reference: Nemo, batch_size: int) -> int:
    return len(reference.recognise_all(batch_size))
