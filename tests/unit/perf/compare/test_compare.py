import dataclasses
import json

import pytest

from perf.compare.__main__ import main
from perf.compare.conditions import warnings
from perf.compare.matching import match
from perf.compare.thresholds import DEFAULTS, regressions
from perf.instruments.load_test_results import (
    CONCURRENCY,
    FAILED,
    MEASURED,
    RATE,
    UNSTABLE,
    Latency,
    ModelInputs,
    Point,
)
from tests.unit.perf.examples import example_run


def point(load="4", throughput=50.0, p95=20.0, model="speech_to_text", **changes):
    values = {
        "model": model,
        "protocol": "grpc",
        "mode": CONCURRENCY,
        "load": load,
        "value": 4.0,
        "status": MEASURED,
        "throughput": throughput,
        "latency": Latency(p95 / 2, p95 / 2, p95, p95, p95 * 2),
    }
    return Point(**(values | changes))


def failed(load="4", reason="UNAVAILABLE"):
    return point(load, throughput=None, latency=None, status=FAILED, reason=reason)


def run(*points, **changes):
    values = {
        "machine": {"processor": "2 cores", "load before": "0.10"},
        "inputs": (ModelInputs("speech_to_text", 11, 6.6, "11 recordings"),),
        "points": points or (point(),),
    }
    return example_run(**(values | changes))


@pytest.fixture
def compare(tmp_path, capsys):
    """LoadTestRun the command on two runs; returns exit code, table and errors."""

    def call(base, new, *options):
        for name, written in (("base", base), ("new", new)):
            (tmp_path / name).mkdir(exist_ok=True)
            written.write(tmp_path / name)
        code = main([str(tmp_path / "base"), str(tmp_path / "new"), *options])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def rows(table):
    """Rows of a table of Markdown: by column, the first one of equal names."""
    header, _, *found = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("|")
    ]
    return [dict(reversed(list(zip(header, row, strict=True)))) for row in found]


def test_points_meet_by_model_protocol_mode_and_load():
    base = run(point("1"), point("4"), point("4", mode=RATE))
    new = run(point("4", throughput=60.0), point("8"), point("4", protocol="http"))
    found = match(base, new)
    assert [pair.base.load for pair in found.pairs] == ["4"]
    assert found.pairs[0].ratio("throughput") == pytest.approx(1.2)
    assert [(each.load, each.mode) for each in found.only_base] == [("1", "concurrency"), ("4", "rate")]
    assert [(each.load, each.protocol) for each in found.only_new] == [("8", "grpc"), ("4", "http")]


@pytest.mark.parametrize(
    ("figures", "reasons"),
    [
        ({"throughput": 45.0}, []),
        ({"throughput": 44.9}, ["throughput 0.898 times the base's, expected at least 0.9"]),
        ({"p95": 24.0}, []),
        ({"p95": 24.2}, ["p95 1.21 times the base's, expected at most 1.2"]),
        ({"throughput": 10.0, "p95": 100.0}, ["throughput 0.2 times", "p95 5 times"]),
        ({"throughput": 500.0, "p95": 1.0}, []),
    ],
)
def test_a_figure_is_a_regression_only_beyond_its_bound(figures, reasons):
    found = regressions(match(run(), run(point(**figures))).pairs, DEFAULTS)
    assert len(found) == len(reasons)
    for regression, reason in zip(found, reasons, strict=True):
        assert regression.reason.startswith(reason)


def test_a_point_that_fails_now_is_a_regression_with_its_reason(compare):
    code, table, errors = compare(run(), run(failed()))
    assert code == 1
    assert (
        "speech_to_text, grpc, concurrency 4: failed, but was measured in the base run (UNAVAILABLE)"
        in errors
    )
    assert "new failed" in table


def test_a_point_that_failed_before_is_none(compare):
    assert compare(run(failed(), point("8")), run(point(), point("8")))[0] == 0
    assert compare(run(failed()), run(failed()))[0] == 0


def test_without_a_regression_the_exit_code_is_0(compare):
    code, table, errors = compare(run(), run(point(throughput=60.0)))
    assert (code, errors) == (0, "")
    (row,) = rows(table)
    assert [row[name] for name in ("requests/s base", "new", "ratio")] == ["50.0", "60.0", "1.20"]
    assert "No regression" in table


def test_a_regression_exits_1_and_is_named(compare):
    code, table, errors = compare(run(point("1"), point("4")), run(point("1"), point("4", throughput=20.0)))
    assert code == 1
    assert "speech_to_text, grpc, concurrency 4: throughput 0.4 times" in errors
    assert "concurrency 1" not in errors
    assert [row["remarks"] for row in rows(table)] == ["", "worse"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--throughput", "0.3"), 0),
        (("--throughput", "none"), 0),
        (("--throughput", "0.5"), 1),
        (("--throughput", "none", "--p50", "0.9"), 1),
        (("--throughput", "none", "--p99", "1.0"), 0),
    ],
)
def test_bounds_are_options(compare, options, code):
    assert compare(run(), run(point(throughput=20.0)), *options)[0] == code


def test_at_a_rate_only_answered_shares_are_compared(compare):
    base = run(point("50%", 20.0, mode=RATE, value=20.0))
    half_as_fast = run(point("50%", 10.0, mode=RATE, value=10.0))
    left_behind = run(point("50%", 10.0, mode=RATE, value=20.0))
    assert compare(base, half_as_fast)[0] == 0
    code, _, errors = compare(base, left_behind)
    assert code == 1
    assert "speech_to_text, grpc, 50% of the best throughput: throughput 0.5 times" in errors


def test_a_regression_says_when_figures_are_unstable(compare):
    assert "unstable figures" in compare(run(), run(point(throughput=1.0, status=UNSTABLE)))[2]
    assert "unstable" not in compare(run(), run(point(throughput=1.0)))[2]


@pytest.mark.parametrize("bound", ["0", "-1", "nan", "inf", "fast"])
def test_a_bound_that_is_no_ratio_is_wrong_usage(compare, bound):
    with pytest.raises(SystemExit) as ended:
        compare(run(), run(), "--p95", bound)
    assert ended.value.code == 2


def test_runs_without_a_common_point_exit_2(compare):
    code, table, errors = compare(run(point("1")), run(point("2")))
    assert (code, table) == (2, "")
    assert "expected runs with points in common" in errors


@pytest.mark.parametrize("content", [None, "{", json.dumps({"schema": 99})])
def test_an_unreadable_run_exits_2_and_is_named(tmp_path, capsys, content):
    run().write(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    if content:
        (other / "run.json").write_text(content)
    assert main([str(tmp_path), str(other)]) == 2
    assert str(other) in capsys.readouterr().err


def test_the_table_is_also_written_to_a_file(compare, tmp_path):
    target = tmp_path / "reports/compared.md"
    _, table, _ = compare(run(), run(), "--output", str(target))
    assert target.read_text() == table


def test_an_output_that_cannot_be_written_exits_2(compare, tmp_path):
    code, _, errors = compare(run(), run(), "--output", str(tmp_path))
    assert code == 2
    assert "--output" in errors


def test_the_table_marks_what_failed_or_had_not_settled(compare):
    base = run(point("1"), point("4"), failed("8"), point("50%", mode=RATE))
    new = run(point("1", status=UNSTABLE), point("4"), point("8"), point("50%", mode=RATE, value=5.0))
    found = rows(compare(base, new)[1])
    assert [row["remarks"] for row in found] == ["unstable", "", "base failed", "worse"]
    assert "(4 and 5)" in found[3]["load"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"machine": {"processor": "64 cores"}}, "figures from different machines are not comparable"),
        ({"versions": {"Triton": "2.52.0"}}, "version Triton: base 2.51.0, new 2.52.0"),
        ({"versions": {}}, "version Triton: base 2.51.0, new unknown"),
        ({"config_variant": "int8"}, "base default, new int8"),
        ({"inputs": (ModelInputs("speech_to_text", 12, 6.6, ""),)}, "Inputs differ for speech_to_text"),
        ({"settings": {"interval_ms": 5000}}, "setting interval_ms"),
        ({"own_server": False}, "new already running"),
        ({"quiet": False, "quietness": "load 3.1"}, "busy before the new run: load 3.1"),
        ({"git_commit": "abc-dirty"}, "uncommitted changes"),
    ],
)
def test_what_makes_runs_incomparable_is_said(compare, changes, named):
    base, new = run(), run(**changes)
    assert any(named in warning for warning in warnings(base, new))
    assert f"**Warning.** {warnings(base, new)[0]}" in compare(base, new)[1]


def test_equal_runs_give_no_warning():
    later = dataclasses.replace(
        run(),
        started_utc="2026-02-02",
        git_commit="def",
        machine={"processor": "2 cores", "load before": "0.2"},
    )
    assert warnings(run(), later) == []


def test_what_only_one_run_left_out_is_said(compare):
    both = {"tts_tokenizer": "no inputs"}
    new = run(skipped=both | {"all that was left": "the server ended"})
    assert warnings(run(skipped=both), run(skipped=both)) == []
    assert (
        "The new run did not measure all that was left: the server ended"
        in compare(run(skipped=both), new)[1]
    )
