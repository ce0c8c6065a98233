"""GPUs that the machine has and the server cannot use.

Triton gives a model without an instance_group to the GPUs that it sees. Where ONNX Runtime is the build for
processors, no graph could be loaded there.
"""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .installation import Installation

HIDDEN = {"CUDA_VISIBLE_DEVICES": ""}
_CUDA_BUILD = "onnxruntime-gpu"


def are_unusable(installation: Installation) -> bool:
    """Return whether graphs run in an ONNX Runtime that can only use processors."""
    if installation.has_native_onnxruntime:
        return False
    try:
        version(_CUDA_BUILD)
    except PackageNotFoundError:
        return True
    return False


def hidden_notice(installation: Installation, devices: Path = Path("/dev")) -> str | None:
    """Return what to tell an operator whose GPUs stay idle, None where there are none or they are used."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "" or not are_unusable(installation):
        return None
    if not any(devices.glob("nvidia[0-9]*")):
        return None
    return (
        "this machine has a GPU and ONNX Runtime is the build for processors: the server runs without it. "
        "`make setup GPU=1` installs the build with CUDA, for CONFIG=cuda."
    )
