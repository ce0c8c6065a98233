"""One load test from start to end: server, inputs, all loads, results."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from perf.instruments.command_line import log
from perf.instruments.connection import Connection
from perf.instruments.errors import MeasurementError, UsageError
from perf.instruments.inputs.model_requests import make_requests
from perf.instruments.inputs.requests import Request, write_input_data
from perf.instruments.inputs.sources import Sources
from perf.instruments.inputs.stages import Stages
from perf.instruments.layout import Layout
from perf.instruments.load_test_results import CONCURRENCY, FAILED, RATE, LoadTestRun, ModelInputs, Point
from perf.instruments.metrics import fetch
from perf.instruments.perf_analyzer import Analyzer
from perf.instruments.server import Endpoints, serving
from perf.load.environment import BackgroundLoad, describe_machine, git_commit, package_versions
from perf.load.plan import Load, Settings, Sweep, plan
from perf.load.point import PointRunner, PreparedModel
from tritone.errors import TritoneError
from tritone.server.options import REPOSITORIES

_METRICS_INTERVAL_MS = 500  # of the CPU and memory metrics of a server that the test starts


@dataclass(frozen=True)
class Job:
    """What to measure."""

    sources: Sources
    settings: Settings
    folder: Path  # for results; exists
    work: Path  # for inputs, which are large
    command: str  # as the user typed it
    models: tuple[str, ...] = ()  # empty: all that are served
    running: Endpoints | None = None  # a running server; None starts one
    repository: Path = REPOSITORIES[0]  # that the server serves
    config_variant: str | None = None


@dataclass
class Findings:
    """Results so far."""

    points: list[Point] = field(default_factory=list)
    inputs: list[ModelInputs] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    broken: bool = False  # the test was interrupted


class Session:
    """Runs a load test.

    Args:
        job: what to measure.
        analyzer: the tool.
    """

    def __init__(self, job: Job, analyzer: Analyzer) -> None:
        self._job = job
        self._analyzer = analyzer
        self._layout = Layout.read(job.repository)
        self._started_s = time.monotonic()
        self._commit = git_commit()  # before the test, since it takes long
        self._started = datetime.now(timezone.utc)
        self._findings = Findings()
        self._server_version = ""
        self._background_load = BackgroundLoad()

    def run(self) -> tuple[LoadTestRun, bool]:
        """Measure everything; return the results, and whether all planned loads were tried.

        Raises:
            UsageError: a model is not served.
            MeasurementError, ServerError: there is no server to measure.
        """
        job = self._job
        list(plan(job.models or self._layout.known, job.settings))  # raises if it cannot be planned
        with self._serving() as target:
            connection = Connection(target.grpc_url)
            self._server_version = connection.version()
            fetch(target.metrics_url)
            sweeps = list(plan(self._models(connection), job.settings))
            self._background_load.start(target.pid)
            try:
                self._measure(sweeps, connection, target)
            except (MeasurementError, KeyboardInterrupt) as error:
                self._findings.broken = True
                self._findings.skipped["the remaining loads"] = str(error) or "interrupted"
            self._background_load.stop(target.pid)
            connection.close()
        return self._result(target), not self._findings.broken

    @contextmanager
    def _serving(self) -> Iterator[Endpoints]:
        job = self._job
        if job.running is not None:
            yield job.running
            return
        log("perf.load: starting Triton ...")
        extra = [f"--metrics-interval-ms={_METRICS_INTERVAL_MS}"]
        with serving(job.repository, job.config_variant, extra) as server:
            yield Endpoints.of(server)

    def _models(self, connection: Connection) -> list[str]:
        served = connection.models()
        for model in self._job.models:
            self._layout.require_known(model)
            if model not in served:
                raise UsageError(
                    f"--models: expected models that the server has, it has no {model}; leave it out."
                )
        for model in served:
            if model not in self._layout.known:
                self._findings.skipped[model] = "no inputs can be made for it"
        return [model for model in self._job.models or self._layout.known if model in served]

    def _measure(self, sweeps: Sequence[Sweep], connection: Connection, target: Endpoints) -> None:
        job, findings = self._job, self._findings
        ready = self._prepare(dict.fromkeys(sweep.model for sweep in sweeps), connection)
        runner = PointRunner(self._analyzer, target, job.settings, job.folder)
        steps = [(sweep, load) for sweep in sweeps for load in sweep.loads if sweep.model in ready]
        log(f"perf.load: {len(steps)} loads")
        for number, (sweep, load) in enumerate(steps):
            spent_s = time.monotonic() - self._started_s
            if job.settings.budget_s is not None and spent_s > job.settings.budget_s:
                left = dict.fromkeys(f"{step.model} over {step.protocol}" for step, _ in steps[number:])
                findings.skipped[f"{len(steps) - number} loads"] = (
                    f"not started within the budget of {job.settings.budget_s:g} s: {', '.join(left)}"
                )
                log("perf.load: the time budget is used up")
                return
            point = self._point(runner, ready[sweep.model], sweep, load)
            findings.points.append(point)
            log(f"perf.load: [{number + 1}/{len(steps)}] {progress(point)}")

    def _point(self, runner: PointRunner, ready: PreparedModel, sweep: Sweep, load: Load) -> Point:
        best = best_throughput(self._findings.points, sweep.model, sweep.protocol)
        value = load.value(best)
        if value is None:
            reason = "expected a measured concurrency, of whose throughput this rate is a share, found none"
        elif load.mode == RATE and best is not None and value > 4 * best:
            reason = f"not sent: more than four times the best throughput, {best:.4g} requests/s"
        else:
            return runner.measure(ready, sweep.protocol, load, value)
        return Point(sweep.model, sweep.protocol, load.mode, load.label, value or 0.0, FAILED, reason)

    def _prepare(self, models: Mapping[str, None], connection: Connection) -> dict[str, PreparedModel]:
        """Make the requests of every model and send each of them once."""
        log(f"perf.load: preparing inputs from {self._job.sources.described} ...")
        stages = Stages(connection, self._job.sources, self._job.repository)
        ready = {}
        for model in models:
            try:
                requests = make_requests(model, stages)
                alone_s = _alone_s(connection, model, requests.requests)
            except (MeasurementError, TritoneError, OSError) as error:
                self._findings.skipped[model] = str(error)
                log(f"perf.load: {model} is skipped: {error}")
                continue
            file = self._job.work / f"{model}.json"
            write_input_data(requests.requests, file)
            self._findings.inputs.append(requests.described())
            ready[model] = PreparedModel(requests, file, alone_s)
        return ready

    def _result(self, target: Endpoints) -> LoadTestRun:
        job, quietness = self._job, self._background_load.judge()
        versions = {"Triton": self._server_version, "perf_analyzer": self._analyzer.version}
        return LoadTestRun(
            started_utc=self._started.isoformat(timespec="seconds"),
            duration_s=round(time.monotonic() - self._started_s, 1),
            command=job.command,
            git_commit=self._commit,
            config_variant=job.config_variant or "default",
            own_server=job.running is None,
            server_url=target.grpc_url,
            machine=describe_machine(),
            versions=versions | package_versions(),
            quiet=quietness.quiet,
            quietness=quietness.details,
            settings=_plain(job.settings) | {"sources": job.sources.described},
            inputs=tuple(self._findings.inputs),
            points=tuple(self._findings.points),
            skipped=self._findings.skipped,
        )


def best_throughput(points: Sequence[Point], model: str, protocol: str) -> float | None:
    """Return the model's best throughput at a concurrency; None if none was measured."""
    found = [
        point.throughput
        for point in points
        if (point.model, point.protocol, point.mode) == (model, protocol, CONCURRENCY)
        and point.throughput is not None
    ]
    return max(found, default=None)


def progress(point: Point) -> str:
    """Return the result of a load in one line."""
    load = f"concurrency {point.load}" if point.mode == CONCURRENCY else f"{point.value:.4g} requests/s"
    subject = f"{point.model}, {point.protocol}, {load}"
    if point.latency is None or point.throughput is None:
        return f"{subject}: {point.status}: {point.reason}"
    figures = f"{point.throughput:.4g} requests/s, p95 {point.latency.p95_ms:.4g} ms"
    return f"{subject}: {figures}{'' if point.status == 'measured' else f' ({point.status})'}"


def _alone_s(connection: Connection, model: str, requests: Sequence[Request]) -> float:
    """Send every request once, after a warm-up with the first one; return the mean time."""
    times = []
    for request in (requests[0], *requests):
        started_s = time.perf_counter()
        connection.infer(model, {name: array[None] for name, array in request.tensors.items()})
        times.append(time.perf_counter() - started_s)
    return statistics.mean(times[1:])


def _plain(settings: Settings) -> dict[str, Any]:
    values = asdict(settings)
    for name, value in values.items():
        if name.endswith(("concurrencies", "rates")):
            values[name] = [load["label"] for load in value]
    return values
