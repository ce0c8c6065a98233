"""Measure one load on one model with perf_analyzer."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from perf.instruments.errors import AnalyzerError
from perf.instruments.inputs.requests import RequestSet
from perf.instruments.layout import base_pipeline
from perf.instruments.load_test_results import FAILED, MEASURED, RATE, UNSTABLE, ModelWork, Point
from perf.instruments.metrics import fetch, model_work, work_between
from perf.instruments.perf_analyzer import Analyzer
from perf.instruments.server import Endpoints
from perf.load import analyzer_output
from perf.load.plan import Load, Settings, window_s
from perf.load.server_watch import ServerWatch

ANY_SPREAD = 1_000_000  # percent: accepts the first windows
_REACHED = 0.95  # of a rate; less is reported as falling behind


@dataclass(frozen=True)
class PreparedModel:
    """A model with its requests."""

    requests: RequestSet
    file: Path  # the requests in perf_analyzer's format
    alone_s: float  # mean time of a single request on an idle server


class PointRunner:
    """Runs perf_analyzer once per load, and again without its stability condition if needed.

    Args:
        analyzer: the tool.
        target: the server.
        settings: how each load is measured.
        folder: of the run; raw files are written to its subfolder `raw`.
    """

    def __init__(self, analyzer: Analyzer, target: Endpoints, settings: Settings, folder: Path) -> None:
        self._analyzer = analyzer
        self._target = target
        self._settings = settings
        self._folder = folder
        (folder / "raw").mkdir(parents=True, exist_ok=True)

    def measure(self, ready: PreparedModel, protocol: str, load: Load, value: float) -> Point:
        """Put one load on a model; for a load that fails, the point gives the reason."""
        model, settings = ready.requests.model, self._settings
        interval_s = window_s(settings, load, value, len(ready.requests.requests), ready.alone_s)
        name = f"{model}_{protocol}_{load.mode}_{load.label.replace('%', '_percent')}"
        table, log = self._folder / "raw" / f"{name}.csv", self._folder / "raw" / f"{name}.txt"
        command = self.command(ready, protocol, load, value, interval_s)
        strict = ["-s", f"{settings.stability_percent:g}", "-r", str(settings.trials)]
        limit_s = 60 + 4 * settings.trials * max(interval_s, ready.alone_s)
        before = model_work(fetch(self._target.metrics_url))
        started_s = time.monotonic()
        with ServerWatch(self._target.metrics_url, self._target.pid) as watch:
            code, output = self._run([*command, *strict, "-f", str(table)], limit_s)
            log_text = output
            if analyzer_output.is_unstable(output):
                status = UNSTABLE
                reason = analyzer_output.instability(
                    analyzer_output.read_windows(output), settings.stability_percent
                )
                relaxed = ["-s", str(ANY_SPREAD), "-r", "3", "-f", str(table)]
                code, again = self._run([*command, *relaxed], limit_s)
                log_text += again
                output = again
            else:
                status, reason = MEASURED, ""
        duration_s = time.monotonic() - started_s
        works = work_between(before, model_work(fetch(self._target.metrics_url)))
        log.write_text(log_text, encoding="utf-8")
        own = next((work for work in works if work.model == model), None)
        point = Point(
            *(model, protocol, load.mode, load.label, value, status, reason),
            requests=own.requests if own else 0,
            failures=_failures(own),
            models=works,
            server=watch.load(),
            duration_s=round(duration_s, 3),
            files=tuple(str(file.relative_to(self._folder)) for file in (table, log) if file.is_file()),
            command=shlex.join(self._shown([*command, *strict])),
        )
        return self._with_figures(point, code, output, table, ready.requests.audio_s)

    def command(
        self, ready: PreparedModel, protocol: str, load: Load, value: float, interval_s: float
    ) -> list[str]:
        """Return perf_analyzer's command line without the options for stability."""
        arguments = [str(self._analyzer.binary), "-m", ready.requests.model]
        arguments += ["-i", protocol, "-u", self._target.url(protocol), "--input-data", str(ready.file)]
        arguments += ["-p", str(round(interval_s * 1000)), "-v", "--verbose-csv"]
        if load.mode == RATE:
            # Asynchronous: requests are sent on schedule, however many are in flight.
            arguments += ["--async", "--request-distribution", self._settings.distribution]
            return [*arguments, "--request-rate-range", f"{value:g}"]
        return [*arguments, "--sync", "--concurrency-range", f"{value:g}"]

    def _with_figures(
        self, point: Point, code: int, output: str, table: Path, audio_s: float | None
    ) -> Point:
        """Add the figures of the CSV, or the reason for their absence."""
        if code != 0 or not table.is_file():
            failure = analyzer_output.failure(output, code)
            counts = f"; {point.requests} answered, {point.failures} failed" if point.failures else ""
            return replace(point, status=FAILED, reason=failure + counts)
        try:
            figures = analyzer_output.read_figures(table)
        except AnalyzerError as error:
            return replace(point, status=FAILED, reason=str(error))
        reason = point.reason
        if point.mode == RATE and figures.throughput < _REACHED * point.value:
            behind = f"{figures.throughput:.4g} of {point.value:.4g} requests/s were answered"
            reason = f"{reason}; {behind}" if reason else behind
        return replace(
            point,
            reason=reason,
            throughput=figures.throughput,
            audio_s_per_s=None if audio_s is None else figures.throughput * audio_s,
            latency=figures.latency,
        )

    def _run(self, command: Sequence[str], limit_s: float) -> tuple[int, str]:
        """Run a command in its own process group; return its exit code and output."""
        process = subprocess.Popen(
            command,
            env=dict(self._analyzer.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output = process.communicate()[0] + f"\nerror: stopped after {limit_s:.0f} s without a result\n"
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        return process.returncode, output

    def _shown(self, command: Sequence[str]) -> list[str]:
        """Return the command without folders of this machine."""
        return [Path(part).name if part.startswith("/") else part for part in command]


def _failures(work: ModelWork | None) -> int:
    """Return how many requests failed; Triton 2.51 counts those of an ensemble twice."""
    if work is None:
        return 0
    return -(-work.failures // 2) if base_pipeline(work.model) else work.failures
