"""What does serving cost? `text_to_speech` against the same graphs called directly."""

from __future__ import annotations

from functools import partial

import numpy as np

from perf.bench.bare import arrangements
from perf.bench.bare_voice import BareVoice
from perf.bench.effort import Effort
from perf.bench.results import Result, Row, Target
from perf.instruments.load_client import LoadClient, output_samples, serialised_text
from perf.instruments.model_sizes import Size
from perf.instruments.server import serving
from perf.instruments.texts import texts
from perf.instruments.timing import interleaved, ratio, spread
from tritone.onnx_backend.settings import available_cores

CONCURRENCY = 4
SEED = 1
TARGET = Target(0.95, at_least=True)
SERVED = "served"


def measure(size: Size, effort: Effort) -> Result:
    """Compare throughputs at one size."""
    spoken = texts(effort.texts(size))
    requests = [serialised_text(text, SEED) for text in spoken]
    rate_hz = size.voice().sample_rate_hz
    bare = {
        str(arrangement): BareVoice(size.repository, arrangement)
        for arrangement in arrangements(available_cores())
    }
    with serving(size.repository) as server, LoadClient(server.grpc_url, CONCURRENCY) as client:
        rates = interleaved(
            {
                SERVED: lambda: sum(map(_count, client.answers(requests))),
                **{name: partial(_spoken, pipeline, spoken) for name, pipeline in bare.items()},
            },
            effort.rounds,
        )
        served = [output_samples(answer) for answer in client.answers(requests)]
    best = max(bare, key=lambda name: rates[name].median)
    pairs = list(zip(served, bare[best].speak_all(spoken, SEED), strict=True))
    differing = sum(not np.array_equal(*pair) for pair in pairs)
    low, high = spread(rates[SERVED], rates[best])
    others = ", ".join(f"{name} {rates[name].median / rate_hz:.2f}" for name in bare if name != best)
    speech_s = sum(samples.size for samples in served) / rate_hz
    return Result(
        f"synthesis {size.name}",
        [
            Row(
                f"served text_to_speech at concurrency {CONCURRENCY} against bare sessions, {size.name} size",
                f"{rates[SERVED].median / rate_hz:.2f} s of speech/s",
                f"{rates[best].median / rate_hz:.2f} s of speech/s ({best})",
                ratio(rates[SERVED], rates[best]),
                target=TARGET,
            )
        ],
        [
            f"text_to_speech, {size.name} size: {len(spoken)} texts, {speech_s:.0f} s of speech per round, "
            f"{effort.rounds} rounds; ratio of single rounds {low:.2f} to {high:.2f}; "
            f"other arrangement of the bare sessions: {others or 'none'} s of speech/s; "
            f"samples of {differing} of {len(pairs)} texts differ between served and bare."
        ],
        {
            "texts_per_round": len(spoken),
            "speech_s_per_round": speech_s,
            "concurrency": CONCURRENCY,
            "texts_differing": differing,
            "samples_per_s": {name: rate.per_round for name, rate in rates.items()},
        },
    )


def _count(answer: bytes) -> int:
    return int(output_samples(answer).size)


def _spoken(pipeline: BareVoice, spoken: list[str]) -> int:
    return sum(samples.size for samples in pipeline.speak_all(spoken, SEED))
