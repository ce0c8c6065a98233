"""The options of a server, and the tritonserver command line for them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import StartupError
from .installation import IMPORT_FOLDER
from .ports import Ports

# In a checkout, its own folders; an installed package looks in the working directory.
ROOT = IMPORT_FOLDER if (IMPORT_FOLDER / "ensembles").is_dir() else Path.cwd()
REPOSITORIES = (ROOT / "model_repository", ROOT / "ensembles")

# Endpoints that change the server.
_RESTRICTED = ("model-repository", "logging", "trace")
_SHARED_MEMORY = "shared-memory"
ADMIN_HEADER = "tritone-admin-key"


def config_variants(repositories: Sequence[Path]) -> list[str]:
    """Return the names for which some model in the repositories has a configs/<name>.pbtxt."""
    return sorted({path.stem for repository in repositories for path in repository.glob("*/configs/*.pbtxt")})


@dataclass(frozen=True)
class ServerOptions:
    """The options of a server."""

    repositories: Sequence[Path] = REPOSITORIES
    ports: Ports = field(default_factory=Ports)
    address: str = "127.0.0.1"  # 0.0.0.0 serves other machines too
    model_config_name: str | None = None  # use configs/<name>.pbtxt if a model has one
    tritonserver: str = "auto"  # see find_installation
    admin_key: str = field(default_factory=secrets.token_hex)  # unlocks the restricted endpoints
    graph_threads: int | None = None  # of the native ONNX Runtime backend, see onnxruntime.thread_flags
    shared_memory_open: bool = False  # whether clients can register regions without the key
    exit_timeout_s: int = 30  # for running requests when the server stops
    extra: Sequence[str] = ()  # further tritonserver flags; they take precedence over the options above

    def require_models(self) -> None:
        """Check that there are models to serve.

        Raises:
            StartupError: a repository holds no model, for example because a mount is missing; or no model has
                the config variant, in which case Triton would silently serve the main configs.
        """
        for repository in self.repositories:
            if not any(repository.glob("*/config.pbtxt")):
                raise StartupError(
                    f"{repository}: expected a folder of models, found none; mount one there, "
                    "or give another folder (--model-repository)."
                )
        known = config_variants(self.repositories)
        if self.model_config_name and self.model_config_name not in known:
            raise StartupError(
                f"--model-config-name: expected one of {', '.join(known) or 'none'}, got "
                f"{self.model_config_name}; correct the name, or omit it for the main configs."
            )

    def exposure(self) -> str | None:
        """Return a warning if other machines can reach the server, else None."""
        if self.address in ("localhost", "::1") or self.address.startswith("127."):
            return None
        return (
            f"address {self.address}: anyone who can reach ports {self.ports.http}, {self.ports.grpc} and "
            f"{self.ports.metrics} can call every model without a password. They are for trusted clients; "
            "put a firewall or the proxy of `make deploy` in front of them (docs/operations.md)."
        )

    def arguments(self, backend_directory: Path) -> list[str]:
        """Return the tritonserver arguments."""
        protocols = [*_RESTRICTED, *([] if self.shared_memory_open else [_SHARED_MEMORY])]
        restricted = f"{','.join(protocols)}:{ADMIN_HEADER}={self.admin_key}"
        flags = {
            "backend-directory": backend_directory,
            "disable-auto-complete-config": None,
            # Explicit mode lets the launcher unload the pipelines before it stops the server.
            "model-control-mode": "explicit",
            "load-model": "*",
            "http-address": self.address,
            "http-port": self.ports.http,
            "grpc-address": self.address,
            "grpc-port": self.ports.grpc,
            "metrics-address": self.address,
            "metrics-port": self.ports.metrics,
            # p50 to p99.9 of every model's latency and queue time, over the last minute.
            "metrics-config": "summary_latencies=true",
            "http-restricted-api": restricted,
            "grpc-restricted-protocol": restricted,
            "exit-timeout-secs": self.exit_timeout_s,
        }
        if self.model_config_name:
            flags["model-config-name"] = self.model_config_name
        overridden = {flag.removeprefix("--").partition("=")[0] for flag in self.extra}
        if "model-control-mode" in overridden:
            overridden.add("load-model")  # valid in explicit mode only
        arguments = [f"--model-repository={repository.absolute()}" for repository in self.repositories]
        for name, value in flags.items():
            if name not in overridden:
                arguments.append(f"--{name}" if value is None else f"--{name}={value}")
        return [*arguments, *self.extra]
