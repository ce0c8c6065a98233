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


def test_table_says_which_targets_are_met():
    text = markdown([RESULT], MACHINE, "python -m perf.bench serving")
    header, _, *rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    met = {row[0].strip(): dict(zip(header, row, strict=True))[" met "].strip() for row in rows}
    assert met == {"served against bare": "yes", "glue": "no", "without a target": ""}


def test_report_names_remarks_machine_and_command():
    text = markdown([RESULT], MACHINE, "python -m perf.bench serving")
    for named in ("a remark", "2 cores, Some CPU", "`python -m perf.bench serving`"):
        assert named in text


def test_json_keeps_every_round():
    content = json.loads(raw([RESULT], MACHINE, "python -m perf.bench"))
    assert content["results"][0]["raw"]["clips_per_s"]["served"] == [9.4, 9.5, 9.6]
    assert content["machine"] == MACHINE


@pytest.mark.parametrize(("figure", "met"), [(0.9, True), (0.899, False)])
def test_target_is_met_at_its_bound(figure, met):
    assert Target(0.9, at_least=True).met_by(figure) is met
    assert Target(-0.9, at_least=False).met_by(-figure) is met
