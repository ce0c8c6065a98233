"""How does the cost of synthesis grow with the length of the text? It should be proportional."""

from __future__ import annotations

import time
from statistics import median

import numpy as np

from perf.bench.effort import Effort
from perf.bench.results import Result, Row, Target
from perf.bench.synthesis import SEED
from perf.instruments.load_client import LoadClient, output_samples, serialised_text
from perf.instruments.model_sizes import Size
from perf.instruments.server import serving
from perf.instruments.texts import text_of

FASTER_THAN_SPEECH = Target(1.0, at_least=False)
IN_PROPORTION = Target(1.05, at_least=False)


def measure(size: Size, effort: Effort) -> Result:
    """Time texts of different lengths in turn, one request at a time."""
    lengths = effort.sentences
    requests = {count: serialised_text(text_of(count), SEED) for count in lengths}
    seconds: dict[int, list[float]] = {count: [] for count in lengths}
    speech_s: dict[int, float] = {}
    rate_hz = size.voice().sample_rate_hz
    with serving(size.repository) as server, LoadClient(server.grpc_url, 1) as client:
        for rounds in range(-1, effort.rounds):  # the first round warms up
            for count, request in requests.items():
                started_s = time.perf_counter()
                answer = client.senders[0](request)
                if rounds >= 0:
                    seconds[count].append(time.perf_counter() - started_s)
                speech_s[count] = output_samples(answer).size / rate_hz
    took_s = {count: median(times) for count, times in seconds.items()}
    shortest, longest = lengths[0], lengths[-1]
    factors = "; ".join(
        f"{count}: {speech_s[count]:.1f} s in {took_s[count]:.2f} s, {took_s[count] / speech_s[count]:.2f}"
        for count in lengths
    )
    return Result(
        f"growth {size.name}",
        [
            Row(
                f"real-time factor, text of {longest} sentences alone, {size.name} size",
                f"{took_s[longest]:.2f} s",
                f"{speech_s[longest]:.2f} s of speech",
                took_s[longest] / speech_s[longest],
                target=FASTER_THAN_SPEECH,
            ),
            Row(
                f"exponent of time over length, {shortest} to {longest} sentences, {size.name} size",
                f"{took_s[longest] / took_s[shortest]:.1f} times the time",
                f"{speech_s[longest] / speech_s[shortest]:.1f} times the speech",
                exponent(list(speech_s.values()), list(took_s.values())),
                target=IN_PROPORTION,
            ),
        ],
        [f"sentences, length, time and real-time factor, {effort.rounds} rounds: {factors}."],
        {
            "characters": [len(text_of(count)) for count in lengths],
            "sentences": list(lengths),
            "speech_s": list(speech_s.values()),
            "seconds": list(seconds.values()),
        },
    )


def exponent(lengths: list[float], times: list[float]) -> float:
    """Return the exponent of time over length: the slope of a line fitted to their logarithms."""
    slope, _ = np.polyfit(np.log(lengths), np.log(times), 1)
    return float(slope)
