"""Context of streams, measured on recordings."""

from pathlib import Path

from perf.context.__main__ import main, table
from perf.context.measuring import SECONDS, Recogniser, measure
from tritone.server.options import REPOSITORIES

RECORDINGS = Path(__file__).resolve().parents[4] / "demo/recordings"


def test_more_context_changes_fewer_labels_and_enough_of_it_none():
    rows = measure(
        Recogniser(REPOSITORIES[0]), [RECORDINGS / "digits_us_f2.flac", RECORDINGS / "novel_slt.flac"]
    )
    assert [row.seconds for row in rows] == list(SECONDS)
    assert rows[0].left + rows[0].right >= rows[-1].left + rows[-1].right == 0
    assert table(rows).count("\n") == len(rows) + 1


def test_an_unreadable_recording_is_explained(tmp_path, capsys):
    assert main([str(tmp_path / "none.wav")]) == 1
    assert "none.wav" in capsys.readouterr().err
