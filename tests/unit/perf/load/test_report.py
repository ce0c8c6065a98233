import re
from dataclasses import replace

import pytest

from perf.instruments.load_test_results import CONCURRENCY, FAILED, MEASURED, RATE, UNSTABLE, Latency, Point
from tests.unit.perf.examples import example_run

for package in ("jinja2", "markdown_it", "matplotlib"):
    pytest.importorskip(package, reason="reports need `make perf-setup`")
report = pytest.importorskip("perf.load.report")


def points():
    """Both protocols, both modes, one unstable, one failed, parts of the pipeline."""
    measured, failed = example_run().points
    http = replace(measured, protocol="http", status=UNSTABLE, reason="windows differed | by <much>")
    one = replace(measured, load="1", value=1.0, throughput=30.0)
    rate = replace(measured, mode=RATE, load="50%", value=25.0)
    part = Point(
        *("asr_quartznet", "grpc", CONCURRENCY, "4", 4.0, MEASURED),
        throughput=1234.5,
        latency=Latency(0.5, 0.4, 0.6, 0.7, 0.9),
        requests=9,
    )
    return (one, measured, http, rate, failed, part)


@pytest.fixture
def run():
    return example_run(points=points(), settings=SETTINGS, skipped={"tts_waveglow": "no | <inputs>"})


SETTINGS = {
    "sources": "11 of 11 recordings",
    "window_s": 1.5,
    "longest_window_s": 10.0,
    "stability_percent": 10.0,
    "trials": 6,
    "distribution": "constant",
}


def tables(text):
    """All tables as lists of rows of cells."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [
        [re.split(r"(?<!\\)\|", line.strip("|")) for line in block.strip().splitlines()] for block in blocks
    ]


def rows(text, heading):
    """Rows of the table after a heading, by column."""
    header, _, *found = tables(text[text.index(f"\n## {heading}") :])[0]
    names = [name.strip() for name in header]
    return [dict(zip(names, [cell.strip() for cell in row], strict=True)) for row in found]


def test_every_table_is_whole(run):
    found = tables(report.markdown(run, [], {}))
    assert len(found) >= 6
    for table in found:
        assert {len(row) for row in table} == {len(table[0])}, table[0]


def test_figures_and_what_failed_are_reported(run):
    text = report.markdown(run, [], {})
    assert "4 measured, 1 unstable, 1 failed" in text
    measured = rows(text, "speech_to_text")
    assert [(row["at"], row["requests/s"], row["p95"]) for row in measured] == [
        ("1", "30", "28"),
        ("4", "50", "28"),
        ("4 °", "50", "28"),
        ("25/s (50%)", "50", "28"),
        ("64", "-", "-"),
    ]
    (part,) = rows(text, "Composing models")
    assert (part["model"], part["requests/s"], part["audio s/s"]) == ("`asr_quartznet`", "1234", "-")


def test_reasons_are_reported_as_they_are_without_breaking_the_table(run):
    text = report.markdown(run, [], {})
    unstable, failed = rows(text, "Loads that failed")
    assert unstable["why"] == r"windows differed \| by \<much\>"
    assert (failed["status"], failed["failed requests"], failed["why"]) == ("failed", "12", "UNAVAILABLE")
    assert r"tts_waveglow: no \| \<inputs\>" in text


def test_a_rate_that_fell_behind_is_reported(run):
    behind = replace(run.points[3], reason="20 of 25 requests/s were answered")
    (row,) = rows(report.markdown(replace(run, points=(behind,)), [], {}), "Loads that failed")
    assert (row["status"], row["why"]) == ("measured", "20 of 25 requests/s were answered")
    assert "## Loads that failed" not in report.markdown(replace(run, points=run.points[:1]), [], {})


def test_a_busy_machine_is_reported_at_the_top(run):
    assert "not quiet" not in report.markdown(run, [], {})
    busy = report.markdown(replace(run, quiet=False, quietness="load 7"), [], {})
    assert busy.index("not quiet** (load 7)") < busy.index("| best")


def test_gpus_have_columns_only_where_there_are_some(run):
    assert "| 50% | 0.93 |" in report.markdown(run, [], {})
    bare = replace(run, points=tuple(replace(p, server=replace(p.server, gpus=())) for p in run.points))
    assert "GPU GiB" not in report.markdown(bare, [], {})


def test_shares_are_per_request_of_the_pipeline(run):
    (row,) = report.work_rows(run.points[1])
    assert (row.model, row.calls, row.batch) == ("asr_quartznet", 1.2, 2.0)
    assert (row.queue_ms, row.compute_ms, row.share) == pytest.approx((6.0, 12.0, 1.0))


def test_pipeline_of_a_named_set_is_reported_as_a_pipeline(run):
    own = replace(run.points[1], model="speech_to_text_parakeet")
    works = [replace(own.models[0], model=own.model), replace(own.models[1], model="asr_conformer_parakeet")]
    own = replace(own, models=tuple(works))
    text = report.markdown(replace(run, points=(*run.points, own)), [], {})
    (row,) = rows(text, "Other pipelines")
    assert (row["model"], row["requests/s"]) == ("`speech_to_text_parakeet`", "50")
    assert [row["model"] for row in rows(text, "Composing models")] == ["`asr_quartznet`"]
    assert [work.model for work in report.work_rows(own)] == ["asr_conformer_parakeet"]


def test_the_page_needs_no_other_file(run, tmp_path):
    report.write_report(run, tmp_path, {"Against something": "| a |\n|---|\n| b |\n"})
    pictures = {path.name for path in tmp_path.glob("*.png")}
    assert pictures == {"speech_to_text_load.png", "speech_to_text_time.png", "models.png", "server.png"}
    text = (tmp_path / "report.md").read_text()
    assert set(re.findall(r"\]\((\S+\.png)\)", text)) == pictures
    page = (tmp_path / "report.html").read_text()
    sources = re.findall(r'src="([^"]*)"', page)
    assert len(sources) == len(pictures)
    assert all(source.startswith("data:image/png;base64,iVBOR") for source in sources)
    assert not re.search(r'(href|src)="?(https?:)?//', page)
    assert "<script" not in page
    assert "<h2>Against something</h2>" in page
    assert "&lt;much&gt;" in page
    assert page.count("<table>") == len(tables(text))


def test_a_run_without_any_figure_has_a_report_too(tmp_path):
    failed = tuple(replace(p, status=FAILED, throughput=None, latency=None, models=()) for p in points())
    report.write_report(example_run(points=failed, settings=SETTINGS), tmp_path)
    assert "0 measured, 0 unstable, 6 failed" in (tmp_path / "report.md").read_text()
    report.write_report(example_run(points=(), settings=SETTINGS), tmp_path)
    assert "0 loads" in (tmp_path / "report.md").read_text()
