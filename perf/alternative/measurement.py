"""Both servers with the same checkpoints and the same requests, measured in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from perf.alternative.http_api import ALTERNATIVE, TRITONE, Answer, Client, HttpApi, Request, duration_s
from perf.alternative.inputs import texts_of, wav_files
from perf.alternative.process import alternative_server, versions
from perf.alternative.results import SYNTHESIS, TRANSCRIPTION, AlternativeResult, Point, ServerFigures
from perf.instruments.closed_loop import Round, Timing, drive
from perf.instruments.command_line import log
from perf.instruments.model_sizes import SIZES
from perf.instruments.server import serving

OURS, THEIRS = "tritone", "alternative"


@dataclass(frozen=True)
class AlternativeEffort:
    """How much is measured."""

    rounds: int
    clients: tuple[int, ...]  # numbers of concurrent clients, measured one after the other
    clips: int  # to transcribe, per round and number of clients
    texts: int  # to speak, per round and number of clients


# By size: a round that suits the small networks would take the large ones half an hour.
THOROUGH = {
    "demo": AlternativeEffort(rounds=5, clients=(1, 4, 8), clips=96, texts=18),
    "full": AlternativeEffort(rounds=3, clients=(1, 4, 8), clips=16, texts=8),
}
QUICK = {
    "demo": AlternativeEffort(rounds=2, clients=(1, 4), clips=24, texts=6),
    "full": AlternativeEffort(rounds=2, clients=(1, 4), clips=4, texts=2),
}


@dataclass(frozen=True)
class _Task:
    """One kind of request, built for each server."""

    name: str
    requests: dict[str, list[Request]]  # by server
    audio_s: Callable[[str, Sequence[Answer]], float]  # seconds of audio in or out, by server and answers


def measure(
    size: str, effort: AlternativeEffort, recordings: Sequence[Path], texts: Sequence[str]
) -> AlternativeResult:
    """Start both servers, measure them in turn, stop them.

    Args:
        size: "demo", the bundled checkpoints; "full", the published sizes with random weights, made and
            exported on first use.
        effort: how long.
        recordings: to cut clips of mixed lengths from.
        texts: to take short sentences from.

    Raises:
        SetupError: there is no export environment, or a server did not start; the message says what to do.
        UsageError: recordings or texts from which no requests can be made.
        RefusedError: a server responded with an error.
    """
    chosen = SIZES[size]()
    files = wav_files(recordings, effort.clips)
    spoken = texts_of(texts, effort.texts)
    heard_s = sum(map(duration_s, files))
    apis = {OURS: TRITONE, THEIRS: ALTERNATIVE}
    tasks = [
        _Task(
            TRANSCRIPTION,
            {side: [api.transcription(file) for file in files] for side, api in apis.items()},
            lambda side, answers: heard_s,
        ),
        _Task(
            SYNTHESIS,
            {side: [api.synthesis(text) for text in spoken] for side, api in apis.items()},
            lambda side, answers: _spoken_s(apis[side], answers),
        ),
    ]
    log("alternative: starting NeMo behind FastAPI, and tritone ...")
    with alternative_server(chosen) as alternative, serving(chosen.repository) as server:
        urls = {OURS: server.http_url, THEIRS: alternative}
        warm = {task.name: _warm_up(task, urls, max(effort.clients)) for task in tasks}
        points = [_point(task, clients, effort.rounds, urls) for task in tasks for clients in effort.clients]
        used = versions()
    heard = warm[TRANSCRIPTION]
    pairs = list(
        zip(map(TRITONE.text, heard[OURS]), map(ALTERNATIVE.text, heard[THEIRS]), strict=True),
    )
    return AlternativeResult(
        size=size,
        rounds=effort.rounds,
        points=points,
        transcripts=len(pairs),
        transcripts_differing=sum(ours != theirs for ours, theirs in pairs),
        spoken_s={side: _spoken_s(apis[side], warm[SYNTHESIS][side]) for side in apis},
        versions=used,
    )


def _warm_up(task: _Task, urls: dict[str, str], clients: int) -> dict[str, list[Answer]]:
    """Send everything once without timing; these answers are compared."""
    return {side: _round(urls[side], clients, requests).answers for side, requests in task.requests.items()}


def _point(task: _Task, clients: int, rounds: int, urls: dict[str, str]) -> Point:
    log(f"alternative: {task.name}, {clients} clients, {rounds} rounds ...")
    timings = {side: Timing() for side in task.requests}
    for _ in range(rounds):
        for side, requests in task.requests.items():
            made = _round(urls[side], clients, requests)
            timings[side].add(made, task.audio_s(side, made.answers))
    count = len(task.requests[OURS])
    return Point(task.name, clients, count, _figures(timings[OURS]), _figures(timings[THEIRS]))


def _round(url: str, clients: int, requests: Sequence[Request]) -> Round[Answer]:
    with ExitStack() as connections:
        made = [Client(url) for _ in range(clients)]
        for client in made:
            connections.callback(client.close)
        return drive([client.send for client in made], requests)


def _figures(timing: Timing) -> ServerFigures:
    return ServerFigures(
        requests_per_s=timing.request_rate,
        audio_s_per_s=timing.amount_per_s,
        p50_ms=timing.percentile_ms(50),
        p95_ms=timing.percentile_ms(95),
        p99_ms=timing.percentile_ms(99),
        audio_s_per_s_by_round=tuple(timing.amounts_per_s),
    )


def _spoken_s(api: HttpApi, answers: Sequence[Answer]) -> float:
    return sum(duration_s(api.wav(answer)) for answer in answers)
