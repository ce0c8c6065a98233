"""tools/environment.py, as far as nothing is installed."""

import sys

import pytest

from tools import environment


@pytest.mark.parametrize("arguments", [[], ["server"], ["serve", "folder"], ["node"]])
def test_wrong_kind_is_told_what_there_is(arguments):
    with pytest.raises(SystemExit, match=r"expected serve, perf, .* or front-door with a folder, got"):
        environment.main(arguments)


def test_environment_whose_making_was_interrupted_is_made_again(tmp_path):
    source = tmp_path / "lock.txt"
    source.write_text("")
    folder = tmp_path / "made"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to(sys.executable)  # pip would have come next
    environment._environment(folder, [source], [], lambda: sys.executable)
    assert (folder / "bin/pip").exists()
    assert (folder / ".stamp").is_file()
