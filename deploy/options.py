"""Options of the commands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path

from deploy.errors import UsageError
from deploy.smoke import SmokeTest
from tritone.server import Ports

DEFAULT_ROOT = "tritone"
_HOST = re.compile(r"(?!-)[A-Za-z0-9._@:%\[\]-]+")
_NAME = re.compile(r"[A-Za-z0-9_]+")
_LARGEST_MIB = 2047


@dataclass(frozen=True)
class Destination:
    """Which node, and where on it."""

    host: str  # user@name, or an alias from ssh's configuration
    root: str = DEFAULT_ROOT  # folder on the node, absolute or in the user's home
    ssh_arguments: Sequence[str] = ()  # further arguments for ssh
    dry_run: bool = False  # print everything, change nothing

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host):
            raise UsageError(
                f"HOST: expected user@node or an alias from ssh's configuration, got {self.host!r}; "
                "put options of ssh into SSH_ARGS."
            )
        if not self.root.strip("/") or self.root.startswith("~") or ".." in self.root.split("/"):
            raise UsageError(
                f"--root: expected an absolute path, or one in the home folder like {DEFAULT_ROOT}, "
                f"got {self.root!r}."
            )


@dataclass(frozen=True)
class Timeouts:
    """How long a switch may take."""

    start_s: float = 600.0  # until a server has loaded every model
    drain_s: float = 600.0  # until the old server has answered its last request


@dataclass(frozen=True)
class ReleaseOptions:
    """How a release is created and served."""

    source: Path  # the tree
    smoke_test: SmokeTest
    runtime: str = "auto"  # see runtimes.choose_runtime
    address: str = "0.0.0.0"  # that the proxy listens on
    ports: Ports = field(default_factory=Ports)  # of the proxy
    gateway_port: int | None = 8080  # of the proxy, for the gateway; None: without it
    gateway_options: str = ""  # further options of `tritone-gateway serve`
    inner_port: int = 18000  # servers get three ports from this one on
    body_limit_mib: int = 256  # of one request, at the proxy
    keep: int = 3  # releases
    model_config_name: str | None = None  # None: tensorrt with a GPU; "none": the default configs
    gpus: str | None = None  # Docker's --gpus; None: all; "none": none
    python: str | None = None  # Python on the node that has everything installed
    envoy: str | None = None  # Envoy on the node: binary or image
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        ports = astuple(self.ports)
        if len(set(ports)) < len(ports) or not all(0 < port < 65536 for port in ports):
            raise UsageError(f"ports: expected three different ones from 1 to 65535, got {ports}.")
        if self.gateway_port is not None and (
            self.gateway_port in ports or not 0 < self.gateway_port < 65536
        ):
            raise UsageError(
                f"--gateway-port: expected one from 1 to 65535 besides {ports}, or 0 for none, "
                f"got {self.gateway_port}."
            )
        if not 1 <= self.body_limit_mib <= _LARGEST_MIB:
            raise UsageError(
                f"--body-limit: expected 1 to {_LARGEST_MIB} MiB, gRPC's maximum, got {self.body_limit_mib}."
            )
        if self.keep < 2:
            raise UsageError(
                f"--keep: expected 2 or more (the serving release and the one before), got {self.keep}."
            )
        if self.model_config_name is not None and not _NAME.fullmatch(self.model_config_name):
            raise UsageError(
                f"--model-config-name: expected a name like int8, got {self.model_config_name!r}."
            )
        for recording in self.smoke_test.recordings:
            if not recording.is_file():
                raise UsageError(f"--recording: expected a file with speech, found none at {recording}.")

    def served_config(self, has_gpu: bool) -> str | None:
        """Return the name of the config variant that the server gets, None for the default configs."""
        if self.model_config_name is None:
            return "tensorrt" if has_gpu else None
        return None if self.model_config_name == "none" else self.model_config_name
