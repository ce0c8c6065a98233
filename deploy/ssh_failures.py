"""What ssh's words about a connection that was not made mean, and what to do. ssh has one code for all."""

from __future__ import annotations

import re

from deploy.errors import DeployError, HostKeyError, LoginError, UnreachableError

_FAILURES: tuple[tuple[str, type[DeployError], str], ...] = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed",
        HostKeyError,
        "expected the host key of the last connection, got another one; if the node was really set up anew, "
        "forget the old key with `ssh-keygen -R NAME` and connect once by hand, else find out "
        "who answers there",
    ),
    (
        "Host key verification failed",
        HostKeyError,
        "expected a known host key, got one never seen; connect once by hand with ssh and compare the key",
    ),
    (
        "Permission denied|Too many authentication failures|no mutual signature",
        LoginError,
        "expected to be let in, was refused; copy your key there (`ssh-copy-id`) or name the right user and "
        "key (SSH_ARGS='-i FILE')",
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
