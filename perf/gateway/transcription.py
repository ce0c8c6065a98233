"""Latency of one transcription at a time, and processor time at several clients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from perf.gateway.process import Gateway
from perf.gateway.requests import Direct, Through, upload
from perf.instruments.clips import sample_recordings
from perf.instruments.closed_loop import drive
from perf.instruments.errors import MeasurementError
from perf.instruments.process_tree import tree_cpu_s


@dataclass
class Contender:
    """One of the two ways to Triton."""

    latencies_s: list[float] = field(default_factory=list)  # one client
    cpu_ms: list[float] = field(default_factory=list)  # per request by round, at several clients
    gateway_cpu_ms: list[float] = field(default_factory=list)  # the gateway's part of it
    rates: list[float] = field(default_factory=list)  # requests per second by round, at several clients


@dataclass(frozen=True)
class Transcription:
    """What was measured both ways."""

    direct: Contender
    through: Contender
    requests: int  # of each latency and, per round, of the processor time
    clients: int

    @property
    def added_ms(self) -> float:
        """Median latency through the gateway minus the one without it."""
        return (median(self.through.latencies_s) - median(self.direct.latencies_s)) * 1000

    @property
    def added_cpu(self) -> float:
        """Processor time that the gateway adds, as a share of that without it."""
        return median(self.through.cpu_ms) / median(self.direct.cpu_ms) - 1


def measure(
    grpc_url: str, triton_pid: int, gateway: Gateway, requests: int, rounds: int, clients: int
) -> Transcription:
    """Send the sample recordings both ways in turn.

    Raises:
        MeasurementError: the gateway gives another text than Triton.
    """
    files = sample_recordings()
    recordings = [file.read_bytes() for file in files]
    forms = [upload(recording, file.name) for file, recording in zip(files, recordings, strict=True)]
    pids = (triton_pid, gateway.pid)
    direct, through = Contender(), Contender()
    one, other = Direct(grpc_url), Through(gateway)
    for recording, form in zip(recordings, forms, strict=True):  # warms up
        if one.transcribe(recording) != other.transcribe(form):
            raise MeasurementError("gateway: expected the text that Triton gives, got another one.")
    for index in range(requests):
        chosen = index % len(files)
        _timed(one.transcribe, recordings[chosen], direct)
        _timed(other.transcribe, forms[chosen], through)
    ways: list[tuple[Contender, list[Callable[[Any], str]], Sequence[Any]]] = [
        (direct, [Direct(grpc_url).transcribe for _ in range(clients)], recordings),
        (through, [Through(gateway).transcribe for _ in range(clients)], forms),
    ]
    for _ in range(rounds):
        for contender, senders, sent in ways:
            _loaded(contender, senders, [sent[index % len(sent)] for index in range(requests)], pids)
    return Transcription(direct, through, requests, clients)


def _timed(send: Callable[[Any], str], request: Any, contender: Contender) -> None:
    contender.latencies_s += drive([send], [request]).latencies_s


def _loaded(
    contender: Contender,
    senders: Sequence[Callable[[Any], str]],
    requests: Sequence[Any],
    pids: tuple[int, int],
) -> None:
    """Send requests from several clients; take the processor time of Triton and of the gateway."""
    before = [tree_cpu_s(pid) for pid in pids]
    made = drive(senders, requests)
    triton_s, gateway_s = (tree_cpu_s(pid) - start for pid, start in zip(pids, before, strict=True))
    contender.cpu_ms.append((triton_s + gateway_s) / len(requests) * 1000)
    contender.gateway_cpu_ms.append(gateway_s / len(requests) * 1000)
    contender.rates.append(len(requests) / made.duration_s)
