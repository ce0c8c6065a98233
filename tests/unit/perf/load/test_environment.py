import subprocess

import pytest

from perf.load import environment
from perf.load.environment import git_commit


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A small git tree in the place of this one."""

    def git(*words):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True)

    for file in ("code.py", "perf/report/report.md"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("first\n")
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    return tmp_path


def test_changed_code_makes_a_commit_dirty_and_a_replaced_report_does_not(tree):
    assert len(git_commit()) == 40
    (tree / "perf/report/report.md").unlink()
    assert len(git_commit()) == 40
    (tree / "code.py").write_text("second\n")
    assert git_commit().endswith("-dirty")


def test_outside_git_the_commit_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    assert git_commit() == "unknown"
