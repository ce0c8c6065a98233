"""perf_analyzer itself against the running server: a tiny load test from start to report."""

from __future__ import annotations

import pytest

from perf.instruments.errors import AnalyzerError
from perf.instruments.load_test_results import LoadTestRun

for package in ("matplotlib", "jinja2", "markdown_it"):
    pytest.importorskip(package, reason="load tests need `make perf-setup`")

LENGTHS = ["--window", "0.2", "--trials", "3", "--stability", "1000", "--inputs", "4"]


@pytest.fixture(scope="module")
def analyzer():
    from perf.instruments.perf_analyzer import find_analyzer

    try:
        return find_analyzer()
    except AnalyzerError as error:
        pytest.skip(str(error))


@pytest.fixture
def load_test(analyzer, server, tmp_path, monkeypatch):
    """A function that measures the running server and returns code and results."""
    from perf.load import environment
    from perf.load.__main__ import main

    monkeypatch.setattr(environment, "SAMPLE_S", 0.1)  # how quiet the machine is does not matter here

    def call(*words):
        places = [
            "--url",
            server.grpc_url,
            "--http-url",
            server.http_url,
            "--metrics-url",
            server.metrics_url,
        ]
        code = main([*places, *LENGTHS, "--output", str(tmp_path / "run"), *words])
        return code, LoadTestRun.read(tmp_path / "run")

    return call


def test_a_small_load_test_measures_what_it_planned(load_test, client, tmp_path):
    models = "speech_to_text,asr_quartznet,tts_tokenizer"
    loads = ["--concurrency", "2", "--rates", "20%", "--part-concurrency", "1", "--part-rates", ""]
    code, run = load_test("--models", models, *loads)
    assert code == 0
    keys = [point.key for point in run.points]
    assert len(keys) == len(set(keys)) == 2 * 2 + 2 * 2
    assert {point.status for point in run.points} <= {"measured", "unstable"}
    for point in run.points:
        assert point.throughput > 0
        assert 0 < point.latency.p50_ms <= point.latency.p95_ms <= point.latency.p99_ms
        assert point.requests > 0
        assert point.failures == 0
        assert all((tmp_path / "run" / file).stat().st_size for file in point.files)
    pipeline = run.points[0]
    assert {"asr_windows", "asr_features", "asr_quartznet", "punctuation_bert"} <= {
        work.model for work in pipeline.models if work.compute_s > 0
    }
    assert pipeline.audio_s_per_s > pipeline.throughput  # the recordings are longer than a second
    assert pipeline.server.memory_used_bytes > 0
    assert run.versions["Triton"] == client.get_server_metadata().version
    inputs = {item.model: item for item in run.inputs}
    assert inputs["speech_to_text"].count == 4
    assert inputs["speech_to_text"].shortest != inputs["speech_to_text"].longest
    page = (tmp_path / "run/report.html").read_text()
    assert page.count("data:image/png") >= 3


def test_texts_that_cannot_be_spoken_leave_the_other_models(load_test, tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("\N{CJK UNIFIED IDEOGRAPH-4E00}\N{CJK UNIFIED IDEOGRAPH-4E8C}\n")
    words = ["--models", "tts_tokenizer,asr_ctc_decoder", "--texts", str(texts), "--protocols", "grpc"]
    code, run = load_test(*words, "--part-concurrency", "1", "--part-rates", "")
    assert code == 0
    assert [point.model for point in run.points] == ["asr_ctc_decoder"]
    assert "tts_tokenizer: expected an answer, got" in run.skipped["tts_tokenizer"]
