import pytest

from perf.instruments.errors import UsageError
from perf.instruments.inputs.sources import read_sources, shuffled, spread
from perf.instruments.paths import RECORDINGS, TEXTS


@pytest.fixture
def folder(tmp_path):
    for number in range(10):
        (tmp_path / f"{number}.wav").write_bytes(b"x" * (number + 1))
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/loud.FLAC").write_bytes(b"x" * 100)
    (tmp_path / "manifest.jsonl").write_text("{}")
    return tmp_path


def test_the_bundled_sources_are_of_mixed_lengths():
    sources = read_sources(RECORDINGS, TEXTS, 40)
    assert len(sources.recordings) == 15
    assert len(set(sources.texts)) == len(sources.texts) >= 10
    assert max(map(len, sources.texts)) > 5 * min(map(len, sources.texts))
    assert "15 of 15 recordings in demo/recordings" in sources.described


def test_recordings_are_found_in_subfolders_and_by_any_case(folder):
    assert "loud.FLAC" in {path.name for path in read_sources(folder, TEXTS, 40).recordings}
    assert len(read_sources(folder, TEXTS, 40).recordings) == 11


def test_a_selection_includes_the_shortest_and_the_longest(folder):
    sources = read_sources(folder, TEXTS, 3)
    sizes = sorted(path.stat().st_size for path in sources.recordings)
    assert (sizes[0], sizes[-1], len(sizes)) == (1, 100, 3)
    assert "3 of 11 recordings" in sources.described


def test_a_selection_is_spread_evenly():
    assert spread(range(9), 3) == [0, 4, 8]
    assert spread(range(3), 5) == [0, 1, 2]
    assert spread(range(9), 1) == [4]


@pytest.mark.parametrize("count", [1, 2, 10, 11, 12, 40])
def test_shuffling_mixes_the_sizes_of_neighbours_and_loses_nothing(count):
    order = shuffled(list(range(count)))
    assert sorted(order) == list(range(count))
    assert all(max(order[i : i + 4]) - min(order[i : i + 4]) > count / 3 for i in range(count - 4))


def test_missing_sources_are_named(tmp_path, folder):
    empty = tmp_path / "empty"
    empty.mkdir()
    blank, binary = tmp_path / "blank.txt", tmp_path / "binary.txt"
    blank.write_text("\n  \n")
    binary.write_bytes(b"\xff\xfe\x00")
    for recordings, texts, named in (
        (tmp_path / "nowhere", TEXTS, "--recordings: expected a folder"),
        (TEXTS, TEXTS, "--recordings: expected a folder"),
        (empty, TEXTS, "found none"),
        (folder, tmp_path / "nowhere.txt", "--texts: expected a UTF-8 file"),
        (folder, binary, "--texts: expected a UTF-8 file"),
        (folder, blank, "--texts: expected a text per line"),
    ):
        with pytest.raises(UsageError, match=named):
            read_sources(recordings, texts, 40)
