"""Why ssh failed, and the remedy. ssh has a single exit code for its own failures, so its message decides."""

from __future__ import annotations

import re

from deploy.errors import (
    DeployError,
    DiskFullError,
    HostKeyError,
    LoginError,
    NodeCommandError,
    UnreachableError,
)

SSH_ERROR = 255
_FAILURES: tuple[tuple[str, type[DeployError], str], ...] = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed",
        HostKeyError,
        "expected the host key of the last connection, got another one; if the node was reinstalled, remove "
        "the old key with `ssh-keygen -R NAME` and connect once by hand, else find out who answers there",
    ),
    (
        "Host key verification failed",
        HostKeyError,
        "expected a known host key, got an unknown one; connect once by hand with ssh and compare the key",
    ),
    (
        "Permission denied|Too many authentication failures|no mutual signature",
        LoginError,
        "expected a login, was refused; copy your key there (`ssh-copy-id`) or give the right user and key "
        "(SSH_ARGS='-i FILE')",
    ),
    (
        "Could not resolve hostname|Name or service not known",
        UnreachableError,
        "expected a machine of that name, found none; check HOST=user@node or ssh's configuration",
    ),
    (
        "Connection refused",
        UnreachableError,
        "expected an ssh server, nothing listens on that port; check SSH_ARGS='-p PORT' and that sshd runs",
    ),
    (
        "timed out|No route to host|Network is unreachable",
        UnreachableError,
        "expected an answer, got none in time; check the address, the network and firewalls",
    ),
)


def connection_failure(host: str, complaints: str) -> DeployError:
    """Return the error for what ssh printed when it could not connect."""
    reason = complaints.strip().splitlines()[-1].strip() if complaints.strip() else "ssh gave no reason"
    for pattern, kind, remedy in _FAILURES:
        if re.search(pattern, complaints):
            return kind(f"{host}: {remedy}. ssh says: {reason}")
    return UnreachableError(f"{host}: expected a connection, got none. ssh says: {reason}")


def command_failure(host: str, command: str, code: int, complaints: str) -> DeployError:
    """Return the error for a command that failed over an open connection.

    Args:
        host: the node.
        command: as shown to the user.
        code: exit status of ssh or rsync.
        complaints: what they, or the command, printed.
    """
    if "No space left on device" in complaints or "Disk quota exceeded" in complaints:
        return DiskFullError(
            f"{host}: expected space for the release, got a full disk; remove what is not needed "
            "(releases: --keep 2, images: docker image prune) and deploy again."
        )
    if code == SSH_ERROR:
        return UnreachableError(
            f"{host}: the connection was lost ({complaints.strip() or 'no reason given'}); the node "
            "cleans up by itself, check with `make status`."
        )
    tail = "\n".join(complaints.strip().splitlines()[-20:])
    return NodeCommandError(f"{host}: `{command}` ended with code {code}:\n{tail}")
