"""Where does a request's time go? The shares of what is no network, and of the detector of speech.

Requests are sent one at a time, so that none is queued; Triton's counters give the time of each model. The
rest of the client's latency is spent in the ensemble, gRPC and the client.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from statistics import median

from perf.bench.bare import parameters_of
from perf.bench.effort import Effort
from perf.bench.results import Result, Row, Target
from perf.instruments.clips import CLIP_S, equal_clips
from perf.instruments.load_client import LoadClient, serialised
from perf.instruments.load_test_results import ModelWork
from perf.instruments.metrics import fetch, model_work, work_between
from perf.instruments.model_sizes import Size
from perf.instruments.server import serving

TARGET = Target(0.10, at_least=False)
DETECTION_TARGET = Target(0.05, at_least=False)
CALLERS = ("asr_windows", "punctuation_windows")
# The callers respond from their own threads; Triton's counters for them end before that.
WINDOWS_AND_HOPS = "windows, queues, hops"
TRANSPORT = "gRPC and client"


def measure(size: Size, effort: Effort) -> Result:
    """Break down the latency of a request at one size."""
    requests = [serialised(clip) for clip in equal_clips(effort.latency_clips)]
    networks = called_by(size)
    with serving(size.repository) as server, LoadClient(server.grpc_url, 1) as client:
        client.answers(requests)
        times = [request_times(client, server.metrics_url, request, networks) for request in requests]
    parts = {name: median(time[name] for time in times) for name in times[0]}
    acoustic, punctuation = (parts.pop(networks[role]) for role in ("acoustic_model", "punctuation_model"))
    detection = parts.pop(networks["voice_activity_model"])
    transport = parts.pop(TRANSPORT)
    glue = sum(parts.values())
    listed = "; ".join(f"{name} {seconds * 1000:.1f}" for name, seconds in parts.items())
    return Result(
        f"glue {size.name}",
        [
            Row(
                f"features, decoder and glue as a share of the acoustic model, {size.name} size",
                f"{glue * 1000:.1f} ms",
                f"{acoustic * 1000:.1f} ms",
                glue / acoustic,
                unit="%",
                target=TARGET if size.name == "full" else None,
            ),
            Row(
                f"the same with gRPC and client, {size.name} size",
                f"{(glue + transport) * 1000:.1f} ms",
                f"{acoustic * 1000:.1f} ms",
                (glue + transport) / acoustic,
                unit="%",
            ),
            Row(
                f"voice activity detection as a share of the acoustic model, {size.name} size",
                f"{detection * 1000:.1f} ms",
                f"{acoustic * 1000:.1f} ms",
                detection / acoustic,
                unit="%",
                target=DETECTION_TARGET if size.name == "full" else None,
            ),
        ],
        [
            f"{size.name} size, one {CLIP_S:g} s clip at a time, medians of {len(times)} in ms: {listed}. "
            f"{networks['punctuation_model']} {punctuation * 1000:.1f} ms and "
            f"{networks['voice_activity_model']} {detection * 1000:.1f} ms are in neither of the first two."
        ],
        {"requests": times},
    )


def called_by(size: Size) -> dict[str, str]:
    """Return the models that recognition and punctuation call, by config parameter."""
    named = [parameters_of(size.repository, model).partners for model in CALLERS]
    return {role: model for partners in named for role, model in partners.items()}


def request_times(
    client: LoadClient, metrics_url: str, request: bytes, networks: Mapping[str, str]
) -> dict[str, float]:
    """Send one request; return its time in seconds by part."""
    before = model_work(fetch(metrics_url))
    started = time.perf_counter()
    client.senders[0](request)
    latency_s = time.perf_counter() - started
    work = work_between(before, model_work(fetch(metrics_url)))
    return breakdown(latency_s, {model.model: model for model in work}, networks)


def breakdown(
    latency_s: float, counted: Mapping[str, ModelWork], networks: Mapping[str, str]
) -> dict[str, float]:
    """Split the latency of one request into parts that add up to it.

    Args:
        latency_s: measured by the client.
        counted: what every model did for this request.
        networks: the called models, by config parameter.

    Returns:
        Seconds by part.
    """
    ensemble_s = counted["speech_to_text"].total_s
    models = {name: counted[name].compute_s for name in (*networks.values(), "asr_ctc_decoder")}
    return {
        **models,
        WINDOWS_AND_HOPS: ensemble_s - sum(models.values()),
        TRANSPORT: latency_s - ensemble_s,
    }
