"""The committed configs and every candidate, served by two servers that are measured in turn.

The server that is not measured is idle; its share of the machine affects both alike.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from perf.instruments.closed_loop import Timing, drive
from perf.instruments.command_line import log
from perf.instruments.load_client import LoadClient
from perf.instruments.server import serving
from perf.tune.candidates import Candidate
from perf.tune.outcome import Figures, Outcome
from perf.tune.repository import varied_copy
from perf.tune.traffic import pool, same_answer, traffic


@dataclass(frozen=True)
class TuneEffort:
    """How much is measured."""

    rounds: int  # per candidate
    round_s: float  # approximate length of a round of the committed configs
    stages: tuple[str, ...]  # of SINGLE and UNIFORM; gains are measured again in any case


UNIFORM, SINGLE = "uniform", "single"
THOROUGH = TuneEffort(rounds=5, round_s=4.0, stages=(UNIFORM, SINGLE))
QUICK = TuneEffort(rounds=2, round_s=1.0, stages=(UNIFORM,))


class CandidateRunner:
    """Measures candidates against a server with the committed configs.

    Args:
        repository: the committed models.
        variant: of their configs, None for config.pbtxt.
        url: gRPC endpoint of a server that serves them.
        concurrency: concurrent requests.
        effort: how much to measure.
    """

    def __init__(
        self, repository: Path, variant: str | None, url: str, concurrency: int, effort: TuneEffort
    ) -> None:
        self._repository = repository
        self._variant = variant
        self._url = url
        self._concurrency = concurrency
        self._effort = effort
        self._pools: dict[str, list[bytes]] = {}
        self._counts: dict[tuple[str, ...], int] = {}

    def run(self, candidate: Candidate) -> Outcome:
        """Serve a candidate and measure it against the committed configs.

        Raises:
            ServerError: its server did not start.
            grpc.RpcError: a request failed.
        """
        changes = {model: setting.apply for model, setting in candidate.settings.items()}
        with tempfile.TemporaryDirectory(prefix="tritone-tune-") as folder:
            copy = varied_copy(self._repository, Path(folder) / "models", changes, self._variant)
            with (
                serving(copy) as server,
                LoadClient(self._url, self._concurrency) as committed,
                LoadClient(server.grpc_url, self._concurrency) as tried,
            ):
                return self._measured(candidate, committed, tried)

    def _measured(self, candidate: Candidate, committed: LoadClient, tried: LoadClient) -> Outcome:
        requests = self._requests(candidate.pipelines, committed)
        contenders = {"committed": committed, "tried": tried}
        timings = {name: Timing() for name in contenders}
        answers = {
            name: drive(client.senders, [body for _, body in requests]).answers  # the first round warms up
            for name, client in contenders.items()
        }
        for _ in range(self._effort.rounds):
            for name, client in contenders.items():
                made = drive(client.senders, [body for _, body in requests])
                timings[name].add(made, len(requests))
        differing = sum(
            not same_answer(pipeline, one, other)
            for (pipeline, _), one, other in zip(
                requests, answers["committed"], answers["tried"], strict=True
            )
        )
        return Outcome(
            candidate, _figures(timings["committed"]), _figures(timings["tried"]), len(requests), differing
        )

    def _requests(self, pipelines: tuple[str, ...], client: LoadClient) -> list[tuple[str, bytes]]:
        """Return the requests of a round: as many as the committed configs answer in its length."""
        for pipeline in pipelines:
            if pipeline not in self._pools:
                self._pools[pipeline] = pool(pipeline)
        if pipelines not in self._counts:
            # Only the second pass is timed: the first request of each shape takes longer.
            whole = [body for _, body in traffic(pipelines, len(self._pools[pipelines[0]]), self._pools)]
            drive(client.senders, whole)
            passed = drive(client.senders, whole)
            count = round(len(whole) * self._effort.round_s / passed.duration_s)
            self._counts[pipelines] = max(count, 2 * self._concurrency)
        return traffic(pipelines, self._counts[pipelines], self._pools)


def sweep(runner: CandidateRunner, candidates: Sequence[Candidate]) -> Iterator[Outcome]:
    """Measure candidates one after the other."""
    for number, candidate in enumerate(candidates, 1):
        settings = ", ".join(f"{model} {setting}" for model, setting in candidate.settings.items())
        log(f"tune: {number} of {len(candidates)}: {settings} ...")
        outcome = runner.run(candidate)
        log(f"tune:   {outcome.ratio:.2f} times the committed throughput")
        yield outcome


def _figures(timing: Timing) -> Figures:
    return Figures(tuple(timing.requests_per_s), timing.percentile_ms(50), timing.percentile_ms(95))
