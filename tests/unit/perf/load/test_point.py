"""Loads measured with a script that replays perf_analyzer's real output."""

import os
from pathlib import Path

import pytest

from perf.instruments.errors import MeasurementError
from perf.instruments.inputs.requests import Request, RequestSet
from perf.instruments.load_test_results import FAILED, MEASURED, UNSTABLE
from perf.instruments.perf_analyzer import Analyzer
from perf.instruments.server import Endpoints
from perf.load import point as measuring
from perf.load.plan import FULL, read_concurrencies, read_rates
from perf.load.point import PointRunner, PreparedModel

from .test_metrics import url  # noqa: F401

SAMPLES = Path(__file__).with_name("samples")
WRITE = 'for word; do [ "$last" = -f ] && cp {table} "$word"; last="$word"; done'
(FOUR,) = read_concurrencies("4")
(FIFTY,) = read_rates("50%")


@pytest.fixture
def measure(tmp_path, url):  # noqa: F811
    """A function that measures one load with a script of these lines."""

    def call(*lines, load=FOUR, value=4.0):
        script = tmp_path / "perf_analyzer"
        script.write_text("\n".join(["#!/bin/sh", f"echo run >> {tmp_path}/runs", *lines]))
        script.chmod(0o755)
        requests = RequestSet("speech_to_text", (Request({}, 2.0, 2.0), Request({}, 8.0, 8.0)), "s", "here")
        ready = PreparedModel(requests, tmp_path / "speech_to_text.json", 0.01)
        target = Endpoints("127.0.0.1:1", "127.0.0.1:2", url)
        runner = PointRunner(Analyzer(script, dict(os.environ), "2.51.0"), target, FULL, tmp_path / "run")
        return runner.measure(ready, "grpc", load, value)

    return call


def test_a_stable_load_has_figures_and_raw_files(measure, tmp_path):
    found = measure(f"cat {SAMPLES}/refused.txt", WRITE.format(table=SAMPLES / "concurrency.csv"))
    assert (found.status, found.reason) == (MEASURED, "")
    assert found.audio_s_per_s == pytest.approx(found.throughput * 5.0)
    assert found.files == tuple(f"raw/speech_to_text_grpc_concurrency_4.{kind}" for kind in ("csv", "txt"))
    assert all((tmp_path / "run" / file).is_file() for file in found.files)
    for words in ("-m speech_to_text", "-i grpc", "-u 127.0.0.1:1", "--sync --concurrency-range 4", "-s 10"):
        assert words in found.command
    assert str(tmp_path) not in found.command


def test_an_unstable_load_is_run_again_for_figures_and_says_so(measure, tmp_path):
    found = measure(
        f'case "$*" in *1000000*) {WRITE.format(table=SAMPLES / "rate.csv")}; exit 0;; esac',
        f"cat {SAMPLES}/unstable.txt; exit 2",
        load=FIFTY,
        value=40.0,
    )
    assert (tmp_path / "runs").read_text().count("run") == 2
    assert found.status == UNSTABLE
    assert "windows differed by more than 10%: 1.703 to 5.032 requests/s" in found.reason
    assert found.throughput == 39.8949
    assert "--async" in found.command


def test_an_unstable_load_that_fails_then_reports_the_later_reason(measure, tmp_path):
    found = measure(
        'case "$*" in *1000000*) echo "error: the server is gone"; exit 1;; esac',
        f"cat {SAMPLES}/unstable.txt; exit 2",
    )
    assert (found.status, found.reason) == (
        FAILED,
        "perf_analyzer ended with code 1: error: the server is gone",
    )
    log = (tmp_path / "run" / found.files[-1]).read_text()
    assert "Failed to obtain stable measurement" in log
    assert "the server is gone" in log


def test_a_rate_that_is_not_reached_is_reported(measure):
    found = measure(WRITE.format(table=SAMPLES / "rate.csv"), load=FIFTY, value=80.0)
    assert (found.status, found.reason) == (MEASURED, "39.89 of 80 requests/s were answered")


def test_a_refused_request_fails_the_load_with_the_servers_reason(measure):
    found = measure(f"cat {SAMPLES}/refused.txt; exit 99")
    assert (found.status, found.throughput, found.latency) == (FAILED, None, None)
    assert "incomplete string data" in found.reason
    assert [Path(file).suffix for file in found.files] == [".txt"]


def test_a_table_without_figures_fails_the_load(measure):
    found = measure(WRITE.format(table=SAMPLES / "refused.txt"))
    assert found.status == FAILED
    assert "columns" in found.reason


def test_a_run_that_takes_too_long_is_killed(measure, monkeypatch):
    run = PointRunner._run
    monkeypatch.setattr(PointRunner, "_run", lambda self, command, limit_s: run(self, command, 0.2))
    found = measure("echo begun; sleep 60")
    assert found.status == FAILED
    assert "stopped after 0 s" in found.reason


def test_failures_of_an_ensemble_count_once():
    work = measuring.ModelWork("speech_to_text", 10, 0, 0.0, 0.0, failures=6)
    assert measuring._failures(work) == 3
    assert measuring._failures(measuring.ModelWork("asr_windows", 10, 10, 0.0, 0.1, failures=6)) == 6
    assert measuring._failures(None) == 0


def test_a_missing_server_ends_the_test(tmp_path):
    target = Endpoints("127.0.0.1:1", "127.0.0.1:2", "http://127.0.0.1:9/metrics")
    runner = PointRunner(Analyzer(tmp_path / "none", {}, "2.51.0"), target, FULL, tmp_path / "run")
    ready = PreparedModel(RequestSet("m", (Request({}, 1.0),), "s", "here"), tmp_path / "m.json", 0.01)
    with pytest.raises(MeasurementError, match="metrics"):
        runner.measure(ready, "grpc", FOUR, 4.0)
