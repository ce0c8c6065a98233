import pytest

from perf.alternative.report import markdown
from perf.alternative.results import SYNTHESIS, TRANSCRIPTION, AlternativeResult, Point, ServerFigures


def side(rate, p95_ms, *rounds):
    return ServerFigures(rate / 5, rate, p95_ms / 2, p95_ms, p95_ms * 2, rounds)


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


def test_report_has_a_row_for_each_point_and_counts_what_differs():
    text = markdown(RESULT)
    header, _, *rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    by_task = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert {task: row["throughput ratio"] for task, row in by_task.items()} == {
        TRANSCRIPTION: "3.00 times",
        SYNTHESIS: "5.00 times",
    }
    assert "1 of 8 texts differ" in text
    assert "torch 2.13.0" in text
