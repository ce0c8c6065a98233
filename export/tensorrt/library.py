"""TensorRT's Python bindings: found, checked against the server's version, and what they say passed on."""

from __future__ import annotations

import importlib
from typing import Any

from export.errors import DeviceError
from export.tensorrt.cuda import Cuda, describe_gpu
from export.tensorrt.record import Device

SERVER = "10.16.1.11"
"""TensorRT of the Triton that serves (2.69.0, NVIDIA's container 26.05). A plan runs on the version that made
it, on no other."""

NAMES = ("tensorrt", "tensorrt_bindings")  # the second is all that the wheel of the bindings alone brings


def load_tensorrt(version: str = SERVER) -> Any:
    """The `tensorrt` module.

    Args:
        version: that it must have, as far as it is given ("10.16" takes any 10.16).

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
        if (found + ".").startswith(version.rstrip(".") + "."):
            return module
        raise DeviceError(
            f"TensorRT: expected {version} like the server's, got {found}; a plan of another version does "
            f"not load. Install tensorrt_cu13_bindings=={version}, or say which the server has with "
            "--tensorrt-version."
        )
    raise DeviceError(
        f"TensorRT: expected its Python bindings with its libraries, found none ({'; '.join(reasons)}). Make "
        "engines in the image of `docker build --target engines -f docker/Dockerfile .`, or install "
        "requirements/engines.txt beside TensorRT's libraries."
    )


def find_device(trt: Any, cuda: Cuda) -> Device:
    """What engines made here run on."""
    gpu, driver = describe_gpu()
    return Device(gpu, cuda.compute_capability(), str(trt.__version__), driver)


def message_logger(trt: Any, keep: list[str]) -> Any:
    """A logger for TensorRT that keeps warnings and errors in `keep`, without repetitions."""

    class Messages(trt.ILogger):
        """What TensorRT has to say."""

        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, msg: str) -> None:
            """Keep one message, if it is no mere information."""
            serious = (
                trt.ILogger.Severity.WARNING,
                trt.ILogger.Severity.ERROR,
                trt.ILogger.Severity.INTERNAL_ERROR,
            )
            if severity in serious:
                line = f"{severity.name.lower()}: {msg.strip()}"
                if line not in keep:
                    keep.append(line)

    return Messages()
