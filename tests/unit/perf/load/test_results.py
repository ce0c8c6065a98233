import json

import pytest

from perf.load.results import (
    CONCURRENCY,
    FAILED,
    FILE_NAME,
    MEASURED,
    GpuLoad,
    Latency,
    ModelInputs,
    ModelWork,
    Point,
    ResultsError,
    Run,
    ServerLoad,
)


def example_run(**changes):
    """One measured and one failed point."""
    server = ServerLoad(0.9, 5e9, 1.5, 7e8, (GpuLoad("GPU-1", 0.5, 1e9, 70.0),))
    works = (
        ModelWork("speech_to_text", 100, 100, 0.0, 2.0),
        ModelWork("asr_quartznet", 120, 60, 0.6, 1.2, failures=1),
    )
    measured = Point(
        *("speech_to_text", "grpc", CONCURRENCY, "4", 4.0, MEASURED),
        throughput=50.0,
        audio_s_per_s=300.0,
        latency=Latency(20.0, 19.0, 25.0, 28.0, 40.0),
        requests=100,
        models=works,
        server=server,
        duration_s=6.0,
        files=("raw/a.csv",),
        command="perf_analyzer -m speech_to_text",
    )
    failed = Point(
        *("speech_to_text", "grpc", CONCURRENCY, "64", 64.0, FAILED), reason="UNAVAILABLE", failures=12
    )
    values = {
        "started_utc": "2026-01-02T03:04:05+00:00",
        "duration_s": 12.0,
        "command": "python -m perf.load",
        "git_commit": "abc",
        "config_variant": "default",
        "own_server": True,
        "server_url": "127.0.0.1:8001",
        "machine": {"processor": "2 cores"},
        "versions": {"Triton": "2.51.0"},
        "quiet": True,
        "quietness": "load 0.10",
        "settings": {"interval_ms": 1000},
        "inputs": (ModelInputs("speech_to_text", 11, 6.6, "11 recordings", "2.1 s", "9.0 s"),),
        "points": (measured, failed),
    }
    return Run(**(values | changes))


def test_a_run_is_read_as_it_was_written(tmp_path):
    run = example_run(sections={"alternative": {"throughput": 1.0}}, skipped={"tune": "not asked for"})
    path = run.write(tmp_path)
    assert path == tmp_path / FILE_NAME
    assert Run.read(tmp_path) == run
    assert Run.read(path) == run


def test_means_per_request_are_in_milliseconds():
    work = example_run().points[0].models[1]
    assert (work.queue_ms, work.compute_ms) == pytest.approx((5.0, 10.0))
    assert ModelWork("idle", 0, 0, 0.0, 0.0).queue_ms == 0


def test_points_of_two_runs_meet_by_their_planned_load():
    assert [point.key for point in example_run().points] == [
        ("speech_to_text", "grpc", "concurrency", "4"),
        ("speech_to_text", "grpc", "concurrency", "64"),
    ]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "found none"),
        ("{", "expected JSON"),
        ("[]", "got None"),
        (json.dumps({"schema": 0}), "expected schema 1, got 0"),
        (json.dumps({"schema": 1}), "'points'"),
        (json.dumps({"schema": 1, "points": [], "inputs": [], "other": 1}), "other"),
    ],
)
def test_what_is_no_run_is_refused_by_name(tmp_path, content, named):
    if content is not None:
        (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(ResultsError, match=named) as refused:
        Run.read(tmp_path)
    assert str(tmp_path) in str(refused.value)
