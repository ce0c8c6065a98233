"""The scripts on the node, run by a real shell: links, cleanup, lock, processes."""

from __future__ import annotations

import shlex
import subprocess
import time

import pytest

from deploy.layout import NodeLayout
from deploy.lock import lock_command
from deploy.proxy import links_command
from deploy.runtimes.process import process_scripts


def sh(command, **options):
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, **options)


def test_links_are_set_and_removed(tmp_path):
    root = tmp_path / "a root"
    root.mkdir()
    sh(links_command(str(root), "new", "old"), check=True)
    assert [str((root / name).readlink()) for name in ("current", "previous")] == [
        "releases/new",
        "releases/old",
    ]
    sh(links_command(str(root), "old", None), check=True)
    assert str((root / "current").readlink()) == "releases/old"
    assert not (root / "previous").is_symlink()


def test_tidy_stops_only_servers_that_do_not_serve(tmp_path):
    layout = NodeLayout(str(tmp_path / "a root"))
    root = tmp_path / "a root"
    for name, alive in (("served", 0), ("left", 0), ("ended", 1)):
        folder = root / "releases" / name
        folder.mkdir(parents=True)
        (folder / "alive").write_text(f"exit {alive}")
        (folder / "stop").write_text(f"touch {shlex.quote(str(folder))}/stopped")
    (root / "current").symlink_to("releases/served")
    output = sh(layout.scripts()[layout.tidy], check=True).stdout
    assert [path.parent.name for path in root.glob("releases/*/stopped")] == ["left"]
    assert "stopping releases/left" in output


def test_tidy_does_nothing_in_an_empty_root(tmp_path):
    layout = NodeLayout(str(tmp_path))
    done = sh(layout.scripts()[layout.tidy])
    assert (done.returncode, done.stdout) == (0, "")


def test_admin_key_is_created_once_and_readable_by_the_user_only(tmp_path):
    command = NodeLayout(str(tmp_path)).folders_command()
    sh(command, check=True)
    key = (tmp_path / "admin-key").read_text()
    assert len(key) == 48
    assert (tmp_path / "admin-key").stat().st_mode & 0o77 == 0
    sh(command, check=True)
    assert (tmp_path / "admin-key").read_text() == key


def test_lock_that_is_not_released_cleans_up(tmp_path):
    (tmp_path / "tidy").write_text(f"touch {tmp_path}/tidied")
    (tmp_path / "up").write_text("")
    command = lock_command(NodeLayout(str(tmp_path)))
    assert sh(command, input="heartbeat\nrelease\n").stdout == "held\n"
    assert not (tmp_path / "tidied").exists()
    assert sh(command, input="heartbeat\n").stdout == "held\n"
    assert (tmp_path / "tidied").exists()
    assert not (tmp_path / "lock.owner").exists()


@pytest.fixture
def sleeper(tmp_path):
    """Scripts of a process that only sleeps, in paths with spaces."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    scripts = process_scripts("setsid sleep 60", str(folder), str(tmp_path / "the server"))
    yield scripts
    sh(scripts.stop)


def test_process_outlives_the_shell_that_starts_it_and_is_stopped(sleeper):
    assert sh(sleeper.alive).returncode != 0
    sh(sleeper.start, check=True)
    alive = sh(sleeper.alive)
    assert alive.returncode == 0
    started_s, restarts = map(int, alive.stdout.split())
    assert (abs(started_s - time.time()) < 60, restarts) == (True, 0)
    sh(sleeper.stop, check=True)
    assert sh(sleeper.alive).returncode != 0
    assert sh(sleeper.stop).returncode == 0


def test_other_process_with_a_reused_pid_is_not_stopped(sleeper, tmp_path):
    other = subprocess.Popen(["sleep", "60"], cwd="/")
    (tmp_path / "the server.pid").write_text(str(other.pid))
    assert sh(sleeper.alive).returncode != 0
    sh(sleeper.stop)
    assert other.poll() is None
    other.kill()
    other.wait()


def test_log_of_the_previous_start_is_kept(sleeper, tmp_path):
    (tmp_path / "the server.log").write_text("why it ended\n")
    sh(sleeper.start, check=True)
    assert (tmp_path / "the server.log.old").read_text() == "why it ended\n"
    assert sh(sleeper.log).stdout == ""


def test_lock_without_heartbeat_cleans_up(tmp_path):
    (tmp_path / "tidy").write_text(f"touch {tmp_path}/tidied")
    (tmp_path / "up").write_text("")
    holder = subprocess.Popen(
        ["sh", "-c", lock_command(NodeLayout(str(tmp_path)), stale_s=1)], stdin=subprocess.PIPE
    )
    try:
        assert holder.wait(20) == 0
    finally:
        holder.kill()
    assert (tmp_path / "tidied").exists()
    assert not (tmp_path / "lock.owner").exists()


def test_lock_is_kept_by_its_heartbeat(tmp_path):
    holders = []
    for shell in ("sh", "bash --posix"):
        folder = tmp_path / shell.replace(" ", "")
        folder.mkdir()
        command = [*shell.split(), "-c", lock_command(NodeLayout(str(folder)), stale_s=1)]
        holders.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert holders[-1].stdout.readline() == "held\n"
    for _ in range(15):
        for holder in holders:
            holder.stdin.write("heartbeat\n")
            holder.stdin.flush()
        time.sleep(0.2)
    for holder in holders:
        assert holder.poll() is None
        holder.communicate("release\n", timeout=10)
        assert holder.returncode == 0
