import json

import pytest

from perf.bench.report import markdown, raw
from perf.bench.results import Result, Row, Target

MACHINE = {"processor": "2 cores, Some CPU"}
RESULT = Result(
    "serving demo",
    [
        Row("served against bare", "9.50 clips/s", "10.00 clips/s", 0.95, target=Target(0.9, at_least=True)),
        Row("glue", "12.0 ms", "100.0 ms", 0.12, unit="%", target=Target(0.10, at_least=False)),
        Row("without a target", "1 ms", "2 ms", 0.5),
    ],
    ["a remark"],
    {"clips_per_s": {"served": [9.4, 9.5, 9.6]}},
)


def test_table_shows_ratio_figures_target_and_whether_it_is_met():
    lines = markdown([RESULT], MACHINE, "python -m perf.bench").splitlines()
    assert "| served against bare | 9.50 clips/s | 10.00 clips/s | 0.95 | ≥ 0.90 | yes |" in lines
    assert "| glue | 12.0 ms | 100.0 ms | 12.0% | ≤ 10.0% | no |" in lines
    assert "| without a target | 1 ms | 2 ms | 0.50 |  |  |" in lines


def test_report_names_remarks_machine_and_command():
    text = markdown([RESULT], MACHINE, "python -m perf.bench serving")
    assert "- a remark\n" in text
    assert "- processor: 2 cores, Some CPU\n" in text
    assert text.endswith("- command: `python -m perf.bench serving`\n")


def test_every_table_line_has_the_same_columns():
    table = [line for line in markdown([RESULT], MACHINE, "").splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1


def test_json_keeps_every_round():
    content = json.loads(raw([RESULT], MACHINE, "python -m perf.bench"))
    assert content["results"][0]["raw"]["clips_per_s"]["served"] == [9.4, 9.5, 9.6]
    assert content["machine"] == MACHINE


@pytest.mark.parametrize(("figure", "met"), [(0.9, True), (0.899, False)])
def test_target_is_met_at_its_bound(figure, met):
    assert Target(0.9, at_least=True).met_by(figure) is met
    assert Target(-0.9, at_least=False).met_by(-figure) is met
