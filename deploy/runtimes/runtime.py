"""What both runtimes have in common."""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from dataclasses import dataclass

from deploy.facts import Facts
from deploy.layout import NodeLayout
from deploy.node import Node
from deploy.options import ReleaseOptions
from deploy.progress import Progress
from deploy.state import ProxySettings, Release


@dataclass(frozen=True)
class Scripts:
    """Scripts for sh on the node, which can run them without this machine. A field is a file of that name."""

    start: str  # returns at once
    stop: str  # lets requests in flight finish, and returns when it has ended
    alive: str  # exit code 0 and "EPOCH_SECONDS RESTARTS" while it is running
    log: str  # prints the end of its log
    discard: str = "true\n"  # removes what it has outside its folder


class Runtime(ABC):
    """A way of running servers and the proxy on a node.

    Args:
        node: the node.
        layout: its paths.
        facts: about it.
        options: of the release.
        progress: prints the steps.
    """

    name: str

    def __init__(
        self, node: Node, layout: NodeLayout, facts: Facts, options: ReleaseOptions, progress: Progress
    ) -> None:
        self._node = node
        self._layout = layout
        self._facts = facts
        self._options = options
        self._progress = progress
        self.gpus: str | None = None  # Docker's --gpus; None: the server uses no GPU
        self.environment: str | None = None  # the release's folder under environments/

    @property
    @abstractmethod
    def envoy(self) -> str:
        """See ProxySettings.envoy."""

    @abstractmethod
    def prepare(self, release: Release) -> None:
        """Create what the release's server needs: environment or image, and engines."""

    @abstractmethod
    def server_scripts(self, release: Release) -> Scripts:
        """Return the scripts of a release's server."""

    @abstractmethod
    def gateway_command(self, release: Release, *arguments: str) -> str:
        """Return the command that runs `tritone-gateway` once, with the data of the node's gateways."""

    @abstractmethod
    def prepare_proxy(self, tree: str) -> None:
        """Install what the proxy needs, with the tools of a tree on the node."""

    @abstractmethod
    def proxy_scripts(self, settings: ProxySettings) -> Scripts:
        """Return the scripts of the proxy."""

    @abstractmethod
    def validate_command(self, settings: ProxySettings, bootstrap: str) -> str:
        """Return the command that checks a bootstrap file on the node."""


def gateway_options(release: Release, further: str) -> list[str]:
    """Return the options of a release's gateway that do not depend on the runtime."""
    # Everybody reaches it through the proxy, so callers need keys although it listens on loopback.
    return [
        *("--gateway-address", "127.0.0.1", "--gateway-port", str(release.gateway_port)),
        *("--require-keys", "--log-format", "json"),
        *shlex.split(further),
    ]


def server_options(release: Release) -> list[str]:
    """Return the server's options that do not depend on the runtime."""
    return ["--model-config-name", release.model_config_name] if release.model_config_name else []
