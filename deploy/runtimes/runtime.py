"""What a way of running things on a node has to offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from deploy.proxy_settings import ProxySettings
from deploy.release import Release


@dataclass(frozen=True)
class Scripts:
    """Small scripts for sh that lie on the node, so that it can act without this machine."""

    start: str  # returns at once
    stop: str  # returns when it has ended; requests in flight are finished first
    alive: str  # code 0 and "EPOCH_SECONDS RESTARTS" while it runs
    log: str  # prints the end of its log
    discard: str = "true\n"  # removes what it has outside its folder

    def items(self) -> dict[str, str]:
        """Return the scripts by name."""
        return {
            "start": self.start,
            "stop": self.stop,
            "alive": self.alive,
            "log": self.log,
            "discard": self.discard,
        }


class Runtime(Protocol):
    """A way of running servers and the proxy on a node."""

    name: str

    def prepare(self, release: Release) -> None:
        """Make what the release's server needs: environment or image, and engines."""

    def environment(self) -> str | None:
        """Return the name of the environment that the release needs, None where it has none to itself."""

    def server(self, release: Release) -> Scripts:
        """Return the scripts of a release's server."""

    def envoy(self) -> str:
        """Return which Envoy the proxy runs, see ProxySettings.envoy."""

    def prepare_proxy(self, tree: str) -> None:
        """Make what the proxy needs, with the tools of a tree on the node."""

    def proxy(self, settings: ProxySettings) -> Scripts:
        """Return the scripts of the proxy."""

    def validate_command(self, settings: ProxySettings, bootstrap: str) -> str:
        """Return the command that checks a bootstrap file on the node."""


def server_options(release: Release) -> list[str]:
    """Return the options of the server that both runtimes have in common."""
    return ["--model-config-name", release.model_config_name] if release.model_config_name else []
