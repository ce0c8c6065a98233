import json

import pytest

from perf.instruments.errors import ResultsError
from perf.instruments.load_test_results import FILE_NAME, LoadTestRun, ModelWork
from tests.unit.perf.examples import example_run


def test_a_run_is_read_as_it_was_written(tmp_path):
    run = example_run(sections={"alternative": {"throughput": 1.0}}, skipped={"tune": "not asked for"})
    path = run.write(tmp_path)
    assert path == tmp_path / FILE_NAME
    assert LoadTestRun.read(tmp_path) == run
    assert LoadTestRun.read(path) == run


def test_means_per_request_are_in_milliseconds():
    work = example_run().points[0].models[1]
    assert (work.queue_ms, work.compute_ms) == pytest.approx((5.0, 10.0))
    assert ModelWork("idle", 0, 0, 0.0, 0.0).queue_ms == 0


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
        LoadTestRun.read(tmp_path)
    assert str(tmp_path) in str(refused.value)
