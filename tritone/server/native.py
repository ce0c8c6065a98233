"""What a server with Triton's own ONNX Runtime backend is told, and what it must be able to do.

Unlike the stand-in, that backend gives every instance of every graph as many threads as there are cores,
which spin while they wait for work. On a machine without a GPU they take the cores from each other and from
the Python models.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from ..errors import StartupError
from .installation import Installation

LEAST_VERSION = "least_onnxruntime"  # a parameter of configs whose graphs older versions do not load
_PARAMETER = re.compile(rf'key:\s*"{LEAST_VERSION}"\s*value:?\s*\{{\s*string_value:\s*"([\d.]+)"')
_BACKEND = "onnxruntime"


def onnxruntime_version(installation: Installation) -> str | None:
    """Return the version of the native backend's library, None where it does not tell."""
    names = [path.name for path in (installation.backends / _BACKEND).glob("libonnxruntime.so.*.*.*")]
    return names[0].removeprefix("libonnxruntime.so.") if names else None


def require_onnxruntime(
    repositories: Sequence[Path], variant: str | None, installation: Installation
) -> None:
    """Check before the start that the server's ONNX Runtime is new enough for every graph.

    Triton serves all models or none, and what the library says of a graph that it cannot load names no
    remedy.

    Raises:
        StartupError: it is older than a model's config asks for.
    """
    version = onnxruntime_version(installation)
    if version is None:
        return
    for repository in repositories:
        for model in sorted(path.parent for path in repository.glob("*/config.pbtxt")):
            chosen = model / "configs" / f"{variant}.pbtxt"
            config = chosen if chosen.is_file() else model / "config.pbtxt"
            needed = _PARAMETER.search(config.read_text(encoding="utf-8"))
            if needed and _numbers(version) < _numbers(needed[1]):
                raise StartupError(
                    f"{model.name}: expected ONNX Runtime {needed[1]} or newer for {config.name}, the server "
                    f"has {version}; take a newer Triton, or serve another variant "
                    "(--model-config-name)."
                )


def thread_flags(
    installation: Installation, threads: int | None, given: Sequence[str], devices: Path = Path("/dev")
) -> list[str]:
    """Return the flags of tritonserver that let all graphs share a pool of threads.

    Args:
        installation: the server.
        threads: of the pool; None takes half of the cores where there is no GPU, and no pool where there is.
        given: further flags of the caller; those for this backend win.
        devices: folder where the driver shows GPUs.

    Raises:
        StartupError: there would be no threads.
    """
    if not installation.has_native_onnxruntime or any(_sets_backend(flag) for flag in given):
        return []
    if threads is None:
        if any(devices.glob("nvidia[0-9]*")):
            return []
        threads = max(1, len(os.sched_getaffinity(0)) // 2)
    if threads < 1:
        raise StartupError(f"--graph-threads: expected 1 or more, got {threads}; leave it for the default.")
    return [
        f"--backend-config={_BACKEND},enable-global-threadpool=1",
        f"--backend-config={_BACKEND},intra_op_thread_count={threads}",
    ]


def _sets_backend(flag: str) -> bool:
    name, _, value = flag.removeprefix("--").partition("=")
    return name == "backend-config" and value.startswith(f"{_BACKEND},")


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
