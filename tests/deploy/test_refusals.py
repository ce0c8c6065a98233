"""What is refused before any server starts, with a real sshd."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time

from deploy.layout import NodeLayout
from deploy.lock import lock_command, operator

from .conftest import ROOT


def test_dry_run_prints_the_commands_and_changes_nothing(served):
    before = fingerprint(served.root)
    done = served.deploy("release", "--dry-run")
    assert done.returncode == 0, done.stderr
    for words in ("rsync ", "mv -Tf current.new current", "tritone.server", "Drain ", "/stop"):
        assert words in done.stdout
    assert fingerprint(served.root) == before


def test_second_deploy_fails_at_once_and_names_the_first(served):
    with held_lock(served) as holder:
        done = served.deploy("rollback")
        assert done.returncode == 1
        assert "expected no other deploy, somebody@elsewhere is deploying there" in done.stderr
        assert holder.poll() is None


def test_lock_of_a_dead_connection_is_taken_over(served):
    with held_lock(served) as holder:
        long_ago = time.time() - 600
        os.utime(served.root / "lock.owner", (long_ago, long_ago))
        done = served.deploy("rollback", "--to", "nothing-of-that-name")
        assert "expected one to switch back to, got nothing-of-that-name" in done.stderr
        assert holder.wait(10) == 0


def test_changed_host_key_is_explained(served, tmp_path):
    other = tmp_path / "key"
    subprocess.check_call(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other])
    known = tmp_path / "known_hosts"
    key = other.with_suffix(".pub").read_text().split()
    known.write_text(f"[127.0.0.1]:{served.ssh_port} {key[0]} {key[1]}\n")
    done = with_ssh(served, "-o", f"UserKnownHostsFile={known}", first=True)
    assert done.returncode == 1
    assert "expected the host key of the last connection, got another one" in done.stderr
    assert "ssh-keygen -R" in done.stderr


def test_unknown_host_key_is_explained(served, tmp_path):
    done = with_ssh(served, "-o", f"UserKnownHostsFile={tmp_path}/none", first=True)
    assert "expected a known host key, got an unknown one" in done.stderr


def test_refused_login_is_explained(served, tmp_path):
    subprocess.check_call(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"])
    arguments = ["-F", "none", "-p", str(served.ssh_port), "-i", str(tmp_path / "key")]
    arguments += ["-o", "IdentitiesOnly=yes", "-o", f"UserKnownHostsFile={served.known_hosts}"]
    done = with_ssh(served, *arguments)
    assert "expected a login, was refused" in done.stderr


def test_node_that_refuses_tunnels_is_explained(served):
    key = served.root.parent / "restricted_key"
    arguments = [str(key) if part.endswith("user_key") else part for part in served.ssh_arguments]
    done = with_ssh(served, *arguments)
    assert "expected its sshd to allow tunnels, it refuses them" in done.stderr


def test_closed_port_is_explained(served):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    done = with_ssh(served, "-F", "none", "-p", str(port))
    assert "nothing listens on that port" in done.stderr


def test_taken_public_port_is_refused_before_anything_is_copied(served):
    count = len(served.releases())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = served.deploy("release", "--http-port", port)
    assert done.returncode == 1
    assert f"port {port} on the node: expected it to be free" in done.stderr
    assert len(served.releases()) == count


def held_lock(served):
    """Hold the lock as a deploy from another machine would."""
    script = lock_command(NodeLayout(str(served.root)))
    holder = subprocess.Popen(
        ["sh", "-c", script.replace(operator(), "somebody@elsewhere")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    return holder


def with_ssh(served, *arguments, first=False):
    """Run a rollback with other arguments for ssh, which uses the first of two values."""
    given = [*arguments, *served.ssh_arguments] if first else arguments
    return subprocess.run(
        [sys.executable, "-m", "deploy", "rollback", served.host, "--root", str(served.root)],
        cwd=ROOT,
        env=served.environment(*given),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,  # without a terminal ssh cannot prompt
    )


def fingerprint(folder):
    """Return times and contents, by path, of everything that a deploy could change."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[path] = os.readlink(path)
        elif path.is_file() and "tree" not in path.parts and path.suffix != ".log":
            found[path] = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns
    return found
