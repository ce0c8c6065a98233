"""What does serving cost? `speech_to_text` against the same graphs called directly."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from perf.bench.bare import BarePipeline, arrangements
from perf.bench.effort import Effort
from perf.bench.results import Result, Row, Target
from perf.instruments.clips import CLIP_S, Clip, equal_clips
from perf.instruments.load_client import LoadClient, output_text, serialised
from perf.instruments.model_sizes import Size
from perf.instruments.server import serving
from perf.instruments.timing import interleaved, ratio, spread
from tritone.onnx_backend.settings import available_cores

CONCURRENCY = 4
TARGET = Target(0.9, at_least=True)
SERVED = "served"


def measure(size: Size, effort: Effort) -> Result:
    """Compare throughputs at one size."""
    clips = equal_clips(effort.clips(size))
    requests = [serialised(clip) for clip in clips]
    bare = {
        str(arrangement): BarePipeline(size.repository, arrangement)
        for arrangement in arrangements(available_cores())
    }
    with serving(size.repository) as server, LoadClient(server.grpc_url, CONCURRENCY) as client:
        rates = interleaved(
            {
                SERVED: lambda: len(client.answers(requests)),
                **{name: partial(_recognised, pipeline, clips) for name, pipeline in bare.items()},
            },
            effort.rounds,
        )
        texts = [output_text(answer) for answer in client.answers(requests)]
    best = max(bare, key=lambda name: rates[name].median)
    differing = sum(a != b for a, b in zip(texts, bare[best].recognise_all(clips), strict=True))
    low, high = spread(rates[SERVED], rates[best])
    words = sum(len(text.split()) for text in texts) / len(texts)
    others = ", ".join(f"{name} {rates[name].median:.2f}" for name in bare if name != best)
    return Result(
        f"serving {size.name}",
        [
            Row(
                f"served ensemble at concurrency {CONCURRENCY} against bare sessions, {size.name} size",
                f"{rates[SERVED].median:.2f} clips/s",
                f"{rates[best].median:.2f} clips/s ({best})",
                ratio(rates[SERVED], rates[best]),
                target=TARGET,
            )
        ],
        [
            f"{size.name} size: {len(clips)} clips of {CLIP_S:g} s per round, {words:.0f} words each, "
            f"{effort.rounds} rounds; ratio of single rounds {low:.2f} to {high:.2f}; "
            f"other arrangement of the bare sessions: {others or 'none'} clips/s; "
            f"{differing} of {len(texts)} texts differ between served and bare."
        ],
        {
            "clips_per_round": len(clips),
            "concurrency": CONCURRENCY,
            "words_per_clip": words,
            "texts_differing": differing,
            "clips_per_s": {name: asdict(rate)["per_round"] for name, rate in rates.items()},
        },
    )


def _recognised(pipeline: BarePipeline, clips: list[Clip]) -> int:
    return len(pipeline.recognise_all(clips))
