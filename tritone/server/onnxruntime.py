"""What the launcher must know about the server's ONNX Runtime: its version, threads and GPUs.

Triton's native backend gives every graph instance as many threads as there are cores, and they spin while
they wait for work. Without a GPU they take the cores from each other and from the Python models.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..errors import StartupError
from .installation import Installation

MIN_VERSION = "least_onnxruntime"  # parameter of configs whose graphs older versions cannot load
HIDDEN_GPUS = {"CUDA_VISIBLE_DEVICES": ""}
_PARAMETER = re.compile(rf'key:\s*"{MIN_VERSION}"\s*value:?\s*\{{\s*string_value:\s*"([\d.]+)"')
_BACKEND = "onnxruntime"
_CUDA_DISTRIBUTION = "onnxruntime-gpu"
_DEVICES = Path("/dev")


def native_version(installation: Installation) -> str | None:
    """Return the version of the native backend's library, None if it is unknown."""
    names = [path.name for path in (installation.backends / _BACKEND).glob("libonnxruntime.so.*.*.*")]
    return names[0].removeprefix("libonnxruntime.so.") if names else None


def require_min_version(
    repositories: Sequence[Path], variant: str | None, installation: Installation
) -> None:
    """Check before the start that the native backend's library can load every graph.

    Triton would fail to start, with a message of the library that names no remedy.

    Raises:
        StartupError: the library is older than a model's config requires.
    """
    found = native_version(installation)
    if found is None:
        return
    for repository in repositories:
        for model in sorted(path.parent for path in repository.glob("*/config.pbtxt")):
            chosen = model / "configs" / f"{variant}.pbtxt"
            config = chosen if chosen.is_file() else model / "config.pbtxt"
            needed = _PARAMETER.search(config.read_text(encoding="utf-8"))
            if needed and _numbers(found) < _numbers(needed[1]):
                raise StartupError(
                    f"{model.name}: expected ONNX Runtime {needed[1]} or newer for {config.name}, the server "
                    f"has {found}; use a newer Triton, or serve another variant (--model-config-name)."
                )


def thread_flags(
    installation: Installation, threads: int | None, extra: Sequence[str], devices: Path = _DEVICES
) -> list[str]:
    """Return the tritonserver flags that let all graphs of the native backend share one thread pool.

    Args:
        installation: the server.
        threads: size of the pool; None means half of the cores without a GPU, and no pool with one.
        extra: the operator's flags; those for this backend take precedence.
        devices: folder with the driver's device files.

    Raises:
        StartupError: `threads` is not positive.
    """
    if not installation.has_native_onnxruntime or any(_sets_backend(flag) for flag in extra):
        return []
    if threads is None:
        if _has_gpu(devices):
            return []
        threads = max(1, len(os.sched_getaffinity(0)) // 2)
    if threads < 1:
        raise StartupError(f"--graph-threads: expected 1 or more, got {threads}; omit it for the default.")
    return [
        f"--backend-config={_BACKEND},enable-global-threadpool=1",
        f"--backend-config={_BACKEND},intra_op_thread_count={threads}",
    ]


def cannot_use_gpus(installation: Installation) -> bool:
    """Return whether graphs run in a CPU build of ONNX Runtime.

    Triton assigns a model without an instance_group to the GPUs that it sees; such a build could then load no
    graph.
    """
    if installation.has_native_onnxruntime:
        return False
    try:
        version(_CUDA_DISTRIBUTION)
    except PackageNotFoundError:
        return True
    return False


def idle_gpu_notice(installation: Installation, devices: Path = _DEVICES) -> str | None:
    """Return a notice for an operator whose GPUs are not used, None if there are none or they are used."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") == ""
    if hidden or not cannot_use_gpus(installation) or not _has_gpu(devices):
        return None
    return (
        "this machine has a GPU, but ONNX Runtime is the CPU build: the server does not use the GPU. "
        "`make setup GPU=1` installs the build with CUDA, for CONFIG=cuda."
    )


def _has_gpu(devices: Path) -> bool:
    return any(devices.glob("nvidia[0-9]*"))


def _sets_backend(flag: str) -> bool:
    name, _, value = flag.removeprefix("--").partition("=")
    return name == "backend-config" and value.startswith(f"{_BACKEND},")


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(".")]
