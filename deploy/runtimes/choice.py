"""Which runtime a node gets."""

from __future__ import annotations

from deploy.errors import MissingToolError
from deploy.facts import DOCKER_DENIED, Facts

CHOICES = ("auto", "process", "container")


def choose_runtime(wanted: str, facts: Facts) -> str:
    """Return "process" or "container": what is wanted, or what the node offers.

    Raises:
        MissingToolError: containers are wanted, or Docker is there, but it cannot be used.
    """
    if wanted == "process":
        return wanted
    if facts.docker == DOCKER_DENIED:
        raise MissingToolError(
            "docker: expected to be allowed to use it on the node, was refused or its service does not run; "
            "add the user to the group (`sudo usermod -aG docker USER`) and start it, or serve without "
            "containers (--runtime process)."
        )
    if wanted == "container" and facts.docker is None:
        raise MissingToolError(
            "docker: expected it on the node, found none; install Docker Engine there (and the NVIDIA "
            "Container Toolkit for a GPU), or serve without containers (--runtime process)."
        )
    return "container" if facts.docker_usable else "process"
