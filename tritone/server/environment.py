"""The environment and resource limits of the tritonserver process."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from . import onnxruntime
from .installation import IMPORT_FOLDER, Installation

_PR_SET_PDEATHSIG = 1
_STACK_BYTES = 256 << 20


def server_environment(base: Mapping[str, str], installation: Installation) -> dict[str, str]:
    """Return the environment variables of tritonserver and its Python stubs.

    A stub embeds an interpreter that ignores PYTHONPATH, but like any Python it locates its packages by the
    first `python3` on PATH, and so finds this virtual environment. Stubs of newer servers read PYTHONPATH.
    """
    environment = dict(base)
    # Triton starts every stub with bash, which takes these for a login over ssh and reads ~/.bashrc first.
    # That file may put another Python first on PATH.
    for name in ("SSH_CLIENT", "SSH2_CLIENT"):
        environment.pop(name, None)
    environment["PATH"] = os.pathsep.join([str(Path(sys.prefix) / "bin"), base.get("PATH", os.defpath)])
    environment["PYTHONPATH"] = os.pathsep.join([str(IMPORT_FOLDER), *(path for path in sys.path if path)])
    # numpy's BLAS would start a thread per core in every stub.
    environment.setdefault("OMP_NUM_THREADS", "1")
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")
    environment.setdefault("TOKENIZERS_PARALLELISM", "false")  # a transcript is too short to parallelise
    # Requests of many sizes fragment glibc's per-thread heaps, and the server would grow for thousands of
    # requests. Use few heaps, map large buffers directly, and return freed memory early.
    environment.setdefault("MALLOC_ARENA_MAX", "2")
    environment.setdefault("MALLOC_MMAP_THRESHOLD_", str(1 << 20))
    environment.setdefault("MALLOC_TRIM_THRESHOLD_", str(4 << 20))
    if onnxruntime.cannot_use_gpus(installation):
        environment |= onnxruntime.HIDDEN_GPUS
    if installation.libraries:
        inherited = base.get("LD_LIBRARY_PATH")
        folders = [str(folder) for folder in installation.libraries]
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(folders + ([inherited] if inherited else []))
    return environment


def prepare_child() -> None:
    """Have Linux stop the server when the launcher is killed, and give its threads large stacks.

    Triton (2.51) parses nested JSON and bodies in many pieces recursively; with the usual 8 MiB one request
    can overflow the stack. Stacks are only reserved; memory is committed as they grow.
    """
    stop_with_launcher()
    _, hard = resource.getrlimit(resource.RLIMIT_STACK)
    stack = _STACK_BYTES if hard == resource.RLIM_INFINITY else min(_STACK_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (stack, hard))


def stop_with_launcher() -> None:
    """Have Linux send SIGTERM to this process when the one that started it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
