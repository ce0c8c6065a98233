"""Commands on a node that is a local shell: an ssh on PATH that passes every command to the local sh."""

from __future__ import annotations

import io
import os
import subprocess

import pytest

from deploy.__main__ import main
from deploy.errors import NodeCommandError, UnreachableError
from deploy.node import Node
from deploy.progress import Progress
from deploy.tree import tree_commit

SSH = """#!/bin/sh
case "$1 $*" in -M*|*" -O "*) exit 0 ;; esac
for command; do :; done
unset SSH_CONNECTION
exec sh -c "$command"
"""


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Put the tests' ssh on PATH, and an rsync that is never run."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in (("ssh", SSH), ("rsync", "#!/bin/sh\nexit 1\n")):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.fixture
def node(path):
    with Node("node", [], Progress(stream=io.StringIO())) as node:
        yield node


def test_failed_command_reports_both_output_streams(node):
    with pytest.raises(NodeCommandError, match=r"(?s)ended with code 3:.*remedy.*failed"):
        node.run("echo the remedy; echo it failed >&2; exit 3")


def test_lost_connection_reports_the_message_of_ssh(node):
    with pytest.raises(UnreachableError, match=r"the connection was lost \(broken pipe\)"):
        node.run("echo half an answer; echo broken pipe >&2; exit 255")


def test_rollback_of_a_node_without_releases_is_refused(path, tmp_path, capsys):
    assert main(["rollback", "node", "--root", str(tmp_path / "root")]) == 1
    assert "expected one to switch back to, got none; the node has: none" in capsys.readouterr().err


def test_root_folder_that_cannot_be_created_is_refused_with_the_reason(path, capsys):
    assert main(["status", "node", "--root", "/dev/null/root"]) == 2
    message = capsys.readouterr().err
    for words in ("--root: expected a folder on the node", "got /dev/null/root", "Not a directory"):
        assert words in message


@pytest.mark.parametrize("changed", ["tritone/a.py", "pyproject.toml"])
def test_commit_is_dirty_when_a_copied_file_has_changed(tmp_path, changed):
    for name in ("tritone/a.py", "pyproject.toml", "docs/page.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("before")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.check_call([*git, "init", "--quiet"])
    subprocess.check_call([*git, "add", "."])
    subprocess.check_call([*git, "commit", "--quiet", "--message", "all"])
    (tmp_path / "docs/page.md").write_text("after")
    assert not tree_commit(tmp_path).endswith("-dirty")
    (tmp_path / changed).write_text("after")
    assert tree_commit(tmp_path).endswith("-dirty")
