"""Streams as a section of a load test's report: a real process that measures, or does not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from perf.load.streams import TITLE, measured, reason_against
from tests.unit.perf.examples import example_run

# Programs instead of `python -m perf.streaming`, which takes minutes.
WRITES = """
import sys, pathlib
folder = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
folder.mkdir()
(folder / "streams.png").write_bytes(b"plot")
text = "with " + sys.argv[-1] + chr(10) * 2 + "![plot](streams.png)" + chr(10)
(folder / "report.md").write_text("# Live streams under load" + chr(10) * 2 + text)
"""
FAILS = "import sys; sys.exit('perf.streaming: no server')"


def test_the_report_becomes_a_section_with_the_plot_of_its_folder(tmp_path):
    run, sections = measured(example_run(), tmp_path, "int8", [sys.executable, "-c", WRITES])
    assert sections == {TITLE: "with int8\n\n![plot](streams.png)"}
    assert TITLE not in run.skipped
    assert (tmp_path / "streams.png").read_bytes() == b"plot"


def test_a_failure_is_the_reason_for_a_missing_section(tmp_path):
    run, sections = measured(example_run(), tmp_path, None, [sys.executable, "-c", FAILS])
    assert sections == {}
    assert run.skipped[TITLE] == "no server"


@pytest.mark.parametrize(
    ("repository", "quick", "elsewhere", "complete", "reason"),
    [
        ("models", False, False, True, ""),
        ("models", True, False, True, "with --quick"),
        ("models", False, True, True, "against a running server"),
        ("others", False, False, True, "with another --repository"),
        ("models", False, False, False, "after a test that was interrupted"),
    ],
)
def test_streams_are_left_out_with_the_reason(repository, quick, elsewhere, complete, reason):
    found = reason_against(Path(repository), Path("models"), quick, elsewhere, complete)
    assert reason in found
    assert bool(found) == bool(reason)
