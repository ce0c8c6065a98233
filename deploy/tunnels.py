"""Whether a node lets tunnels through: all questions to its servers go that way."""

from __future__ import annotations

import socket

from deploy.errors import UnreachableError
from deploy.node import Node

_ANSWER_S = 10.0


def require_tunnels(node: Node) -> None:
    """Raise UnreachableError when the node's sshd refuses tunnels: found by one to itself.

    ssh opens its end of a tunnel without asking the node; a refusal looks like a server that never answers.
    """
    connection = node.run("echo $SSH_CONNECTION").output.split()
    if len(connection) < 4:
        return  # not OpenSSH: no way to know
    address, port = connection[2:4]
    with node.forward(f"[{address}]:{port}" if ":" in address else f"{address}:{port}") as here:
        host, _, local_port = here.rpartition(":")
        try:
            with socket.create_connection((host, int(local_port)), _ANSWER_S) as tunnel:
                answers = tunnel.recv(4) == b"SSH-"
        except OSError:
            answers = False
    if not answers:
        raise UnreachableError(
            f"{node.host}: expected its sshd to allow tunnels, it refuses them; set AllowTcpForwarding (and "
            "AllowStreamLocalForwarding) to yes or local in its sshd_config."
        )
