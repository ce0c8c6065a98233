"""TensorRT's Python bindings, checked against the server's version, and the GPU."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from typing import Any

from export.errors import DeviceError
from export.tensorrt.record import Device

SERVER = "10.16.1.11"
"""TensorRT of the Triton that serves (2.69.0, NVIDIA's container 26.05). A plan runs only on the version that
built it."""

NAMES = ("tensorrt", "tensorrt_bindings")  # the wheel of the bindings alone has only the second
QUERY = "name,compute_cap,driver_version"


def load_tensorrt(version: str = SERVER) -> Any:
    """The `tensorrt` module, which Polygraphy then imports by that name.

    Args:
        version: that it must have, as far as it is given ("10.16" accepts any 10.16).

    Raises:
        DeviceError: it is missing, cannot find its libraries, or has another version.
    """
    reasons = []
    for name in NAMES:
        try:
            module = importlib.import_module(name)
        except (ImportError, OSError) as error:  # its shared libraries are loaded with it
            reasons.append(f"{name}: {error}")
            continue
        found = str(module.__version__)
        if not f"{found}.".startswith(f"{version.rstrip('.')}."):
            raise DeviceError(
                f"TensorRT: expected {version} like the server's, got {found}; a plan of another version "
                f"does not load. Install tensorrt_cu13_bindings=={version}, or give the server's version "
                "with --tensorrt-version."
            )
        sys.modules["tensorrt"] = module
        return module
    raise DeviceError(
        f"TensorRT: expected its Python bindings with its libraries, found none ({'; '.join(reasons)}). Make "
        "engines in the image of `docker build --target engines -f docker/Dockerfile .`, or install "
        "requirements/engines.txt beside TensorRT's libraries."
    )


def find_device(trt: Any) -> Device:
    """The GPU that engines are built for: the first that CUDA_VISIBLE_DEVICES allows.

    Raises:
        DeviceError: no driver or no GPU.
    """
    gpu = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    command = ["nvidia-smi", f"--id={gpu}", f"--query-gpu={QUERY}", "--format=csv,noheader"]
    try:
        if not gpu:
            raise ValueError("CUDA_VISIBLE_DEVICES is empty")
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        name, capability, driver = (part.strip() for part in answer.splitlines()[0].rsplit(",", 2))
    except (OSError, subprocess.SubprocessError, IndexError, ValueError) as error:
        raise DeviceError(
            f"GPU: expected nvidia-smi to name one, it failed ({error}); start the container with --gpus all."
        ) from error
    return Device(name, capability, str(trt.__version__), driver)
