"""`python -m perf.load`: load-test a server with perf_analyzer and write a report."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from perf.instruments.command_line import command_of
from perf.instruments.errors import MeasurementError, UsageError
from perf.instruments.inputs.sources import read_sources
from perf.instruments.layout import Layout
from perf.instruments.load_test_results import FAILED, FILE_NAME, LoadTestRun
from perf.instruments.perf_analyzer import find_analyzer
from perf.load import alternative, arguments, streams
from perf.load.session import Job, Session
from tritone.errors import TritoneError
from tritone.server.options import REPOSITORIES


def main(words: Sequence[str] | None = None) -> int:
    """Measure and report.

    Returns:
        0 if every load was tried and at least one gave figures, else 1; 2 for wrong usage.
    """
    given = arguments.parser().parse_args(words)
    command = command_of("perf.load", words)
    try:
        return _run(given, command)
    except UsageError as error:
        print(f"perf.load: {error}", file=sys.stderr)
        return 2
    except (MeasurementError, TritoneError) as error:
        print(f"perf.load: {error}", file=sys.stderr)
        return 1


def _run(given: argparse.Namespace, command: str) -> int:
    try:
        from perf.load.report import MARKDOWN, PAGE, write_report
    except ImportError as error:
        raise MeasurementError(
            f"report: expected the module {error.name}, found none; run `make perf-setup`."
        ) from error
    settings, running = arguments.read_settings(given), arguments.read_target(given)
    repository = arguments.read_repository(given.repository, given.config)
    sources = read_sources(given.recordings, given.texts, given.inputs)
    models = tuple(dict.fromkeys(name.strip() for name in given.models.split(",") if name.strip()))
    layout = Layout.read(repository)
    for model in models:
        layout.require_known(model)
    analyzer = find_analyzer(given.perf_analyzer)
    folder = arguments.make_folder(given.output, given.replace)
    with TemporaryDirectory(prefix="tritone-load-") as work:
        inputs = folder / "inputs" if given.keep_inputs else Path(work)
        inputs.mkdir(exist_ok=True)
        job = Job(*(sources, settings, folder, inputs, command, models, running, repository, given.config))
        try:
            run, complete = Session(job, analyzer).run()
        except BaseException:
            _remove_if_empty(folder)
            raise
    run.write(folder)  # in case the comparison is interrupted
    reason = alternative.reason_against(given.alternative, given.quick, running is not None, complete)
    sections: dict[str, str] = {}
    if reason:
        run = replace(run, skipped={**run.skipped, alternative.TITLE: reason})
    else:
        run, sections = alternative.compared(run, sources, given.quick)
    left_out = streams.reason_against(repository, REPOSITORIES[0], given.quick, running is not None, complete)
    if left_out:
        run = replace(run, skipped={**run.skipped, streams.TITLE: left_out})
    else:
        run, section = streams.measured(run, folder, given.config)
        sections = {**section, **sections}
    run.write(folder)
    write_report(run, folder, sections)
    for name in (MARKDOWN, PAGE, FILE_NAME):
        print(folder / name)
    return 0 if complete and _any_figures(run) else 1


def _remove_if_empty(folder: Path) -> None:
    """Remove the folder if nothing was measured."""
    if not any(path.is_file() for path in folder.rglob("*")):
        shutil.rmtree(folder, ignore_errors=True)


def _any_figures(run: LoadTestRun) -> bool:
    return any(point.status != FAILED for point in run.points)


if __name__ == "__main__":
    sys.exit(main())
