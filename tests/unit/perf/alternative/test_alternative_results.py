import json

import pytest

from perf.alternative.report import markdown
from perf.alternative.results import SYNTHESIS, TRANSCRIPTION, AlternativeResult, Point, Side


def side(rate, p95_ms, *rounds):
    return Side(rate / 5, rate, p95_ms / 2, p95_ms, p95_ms * 2, rounds)


RESULT = AlternativeResult(
    size="demo",
    rounds=2,
    points=[
        Point(TRANSCRIPTION, 4, 8, side(300.0, 60.0, 290.0, 310.0), side(100.0, 240.0, 100.0, 100.0)),
        Point(SYNTHESIS, 1, 3, side(50.0, 100.0, 50.0, 50.0), side(10.0, 500.0, 8.0, 12.5)),
    ],
    transcripts=8,
    transcripts_differing=1,
    spoken_s={"tritone": 13.6, "alternative": 14.0},
    versions={"torch": "2.13.0"},
)


def test_ratios_say_how_much_faster_tritone_is():
    heard, spoken = RESULT.points
    assert heard.throughput_ratio == pytest.approx(3.0)
    assert spoken.throughput_ratio_range == pytest.approx((4.0, 6.25))
    assert heard.p95_ratio == pytest.approx(0.25)


def test_a_result_survives_its_way_through_json():
    assert AlternativeResult.from_json(json.loads(json.dumps(RESULT.to_json()))) == RESULT


def test_report_shows_both_sides_and_what_differs():
    text = markdown(RESULT)
    row = next(line for line in text.splitlines() if line.startswith("| transcription"))
    assert "| 4 | 300.00 s/s recognised | 100.00 s/s | 3.00 times | 2.90 to 3.10 |" in row
    assert "30 / 60 / 120 ms" in row
    assert "1 of 8 texts differ" in text
    assert "torch 2.13.0" in text


def test_every_table_line_has_the_same_columns():
    table = [line for line in markdown(RESULT).splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
