"""What perf_analyzer 2.51 wrote: the samples are its own files."""

from pathlib import Path

import pytest

from perf.instruments.errors import AnalyzerError
from perf.load.analyzer_output import failure, instability, is_unstable, read_figures, read_windows

SAMPLES = Path(__file__).with_name("samples")
UNSTABLE = (SAMPLES / "unstable.txt").read_text()
REFUSED = (SAMPLES / "refused.txt").read_text()


@pytest.mark.parametrize("name", ["concurrency.csv", "rate.csv"])
def test_figures_are_read_in_milliseconds(name):
    figures = read_figures(SAMPLES / name)
    assert figures.throughput > 10
    latency = figures.latency
    assert 1 < latency.p50_ms < latency.p90_ms < latency.p95_ms < latency.p99_ms < 1000
    assert 1 < latency.mean_ms < latency.p99_ms


def test_figures_are_those_of_the_file():
    figures = read_figures(SAMPLES / "rate.csv")
    assert figures.throughput == 39.8949
    assert (figures.latency.p95_ms, figures.latency.mean_ms) == (31.103, 19.817)


@pytest.mark.parametrize(
    "content", ["", "Concurrency,Inferences/Second\n", "Concurrency,p50 latency\n1,20\n"]
)
def test_another_table_is_refused_by_name(tmp_path, content):
    (tmp_path / "other.csv").write_text(content)
    with pytest.raises(AnalyzerError, match=r"other\.csv: expected"):
        read_figures(tmp_path / "other.csv")


def test_instability_is_described_in_figures():
    assert is_unstable(UNSTABLE)
    reason = instability(read_windows(UNSTABLE)[:3], 30)
    for figures in ("3 windows", "30%", "1.703 to 3.469 requests/s", "618.2 to 1747 ms"):
        assert figures in reason
    assert "more than 30%" in instability([], 30)


def test_a_refused_request_is_reported_with_the_servers_message():
    assert not is_unstable(REFUSED)
    reason = failure(REFUSED, 99)
    assert "stops at the first request that fails: in ensemble 'text_to_speech'" in reason
    assert reason.count("incomplete string data") == 1


@pytest.mark.parametrize(
    ("output", "named"),
    [
        ("", "code 137: no output"),
        ("Request Rate: 5\n", "code 137: Request Rate: 5"),
        ("...\nerror: Failed to init manager inputs: no data\n\n", "error: Failed to init manager inputs"),
        ("Thread [0] had error: " + "x" * 1000 + "\n", "xxx..."),
    ],
)
def test_other_failures_are_reported_briefly(output, named):
    reason = failure(output, 137)
    assert named in reason
    assert len(reason) < 400
