"""How a server is to run, and the tritonserver command line that says so."""

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

# Endpoints that change the server; everything else only reads it or uses it.
_RESTRICTED = ("model-repository", "logging", "trace")
_SHARED_MEMORY = "shared-memory"
ADMIN_HEADER = "tritone-admin-key"


def config_variants(repositories: Sequence[Path]) -> list[str]:
    """Return the names that some model of the repositories has a configs/<name>.pbtxt for."""
    return sorted({path.stem for repository in repositories for path in repository.glob("*/configs/*.pbtxt")})


@dataclass(frozen=True)
class ServerOptions:
    """How a server is to run."""

    repositories: Sequence[Path] = REPOSITORIES
    ports: Ports = field(default_factory=Ports)
    address: str = "127.0.0.1"  # 0.0.0.0 serves other machines too
    model_config_name: str | None = None  # configs/<name>.pbtxt where a model has one
    tritonserver: str = "auto"  # see find_installation
    admin_key: str = field(default_factory=secrets.token_hex)  # unlocks the restricted endpoints
    graph_threads: int | None = (
        None  # of all graphs in a native ONNX Runtime backend, see native.thread_flags
    )
    shared_memory_open: bool = False  # whether regions can be registered without the key
    exit_timeout_s: int = 30  # for requests in flight when stopping
    extra: Sequence[str] = ()  # further tritonserver flags; they win over the ones above

    def require_models(self) -> None:
        """Check that there is something to serve.

        Raises:
            StartupError: a repository holds no model, as a forgotten mount leaves it; or no model has the
                config variant, where Triton would serve the usual configs without a word.
        """
        for repository in self.repositories:
            if not any(repository.glob("*/config.pbtxt")):
                raise StartupError(
                    f"{repository}: expected a folder of models, found none; mount one there, "
                    "or name another (--model-repository)."
                )
        known = config_variants(self.repositories)
        if self.model_config_name and self.model_config_name not in known:
            raise StartupError(
                f"--model-config-name: expected one of {', '.join(known) or 'none'}, got "
                f"{self.model_config_name}; correct the name, or leave it for the usual configs."
            )

    def exposure(self) -> str | None:
        """Return a warning where machines other than this one can reach the server, else None."""
        if self.address in ("localhost", "::1") or self.address.startswith("127."):
            return None
        return (
            f"address {self.address}: whoever reaches ports {self.ports.http}, {self.ports.grpc} and "
            f"{self.ports.metrics} can call every model, without a password. They are for trusted callers; "
            "keep a firewall or the proxy of `make deploy` in front of them (docs/operations.md)."
        )

    def arguments(self, backend_directory: Path) -> list[str]:
        """Return the tritonserver arguments."""
        protocols = [*_RESTRICTED, *([] if self.shared_memory_open else [_SHARED_MEMORY])]
        restricted = f"{','.join(protocols)}:{ADMIN_HEADER}={self.admin_key}"
        flags = {
            "backend-directory": backend_directory,
            "disable-auto-complete-config": None,
            # Explicit control lets the launcher unload the pipelines before it stops the server.
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
            overridden.add("load-model")  # goes with explicit control only
        arguments = [f"--model-repository={repository.absolute()}" for repository in self.repositories]
        for name, value in flags.items():
            if name not in overridden:
                arguments.append(f"--{name}" if value is None else f"--{name}={value}")
        return [*arguments, *self.extra]
