"""Results of a small load test."""

from perf.instruments.load_test_results import (
    CONCURRENCY,
    FAILED,
    MEASURED,
    GpuLoad,
    Latency,
    LoadTestRun,
    ModelInputs,
    ModelWork,
    Point,
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
    return LoadTestRun(**(values | changes))
