"""How a node runs a release: as processes from wheels, or in containers."""

from __future__ import annotations

from deploy.errors import MissingToolError
from deploy.facts import DOCKER_DENIED, Facts

from .container import ContainerRuntime
from .process import ProcessRuntime
from .runtime import Runtime

__all__ = ["CHOICES", "Runtime", "choose_runtime"]
CHOICES = ("auto", "process", "container")


def choose_runtime(wanted: str, facts: Facts) -> type[Runtime]:
    """Return the wanted runtime of CHOICES; auto means containers on a node with Docker.

    Raises:
        MissingToolError: containers are wanted, or Docker is installed, but it cannot be used.
    """
    if wanted == "process":
        return ProcessRuntime
    if facts.docker == DOCKER_DENIED:
        raise MissingToolError(
            "docker: expected permission to use it on the node, was refused or its service is not running; "
            "add the user to the group (`sudo usermod -aG docker USER`) and start it, or serve without "
            "containers (--runtime process)."
        )
    if wanted == "container" and facts.docker is None:
        raise MissingToolError(
            "docker: expected it on the node, found none; install Docker Engine there (and the NVIDIA "
            "Container Toolkit for a GPU), or serve without containers (--runtime process)."
        )
    return ProcessRuntime if facts.docker is None else ContainerRuntime
