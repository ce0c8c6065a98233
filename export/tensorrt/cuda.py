"""The few functions of CUDA's runtime that running an engine takes, without another package."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from export.errors import DeviceError

LIBRARIES = ("libcudart.so.12", "libcudart.so.13", "libcudart.so")
TO_DEVICE, TO_HOST = 1, 2  # cudaMemcpyKind
CAPABILITY_MAJOR, CAPABILITY_MINOR = 75, 76  # cudaDeviceAttr


class Cuda:
    """CUDA's runtime on the first visible GPU.

    Raises:
        DeviceError: no library, no driver or no GPU.
    """

    def __init__(self, libraries: Sequence[str] = LIBRARIES):
        self._library = load(libraries)
        for name in (
            "cudaMalloc",
            "cudaFree",
            "cudaMemcpyAsync",
            "cudaStreamCreate",
            "cudaStreamSynchronize",
        ):
            getattr(self._library, name).restype = ctypes.c_int
        self._library.cudaGetErrorString.restype = ctypes.c_char_p
        count = ctypes.c_int()
        self._call("cudaGetDeviceCount", ctypes.byref(count))
        if count.value < 1:
            raise DeviceError("GPU: expected one, CUDA sees none; start the container with --gpus all.")
        stream = ctypes.c_void_p()
        self._call("cudaStreamCreate", ctypes.byref(stream))
        self.stream = int(stream.value or 0)

    def allocate(self, size: int) -> int:
        """Address of `size` bytes on the device."""
        address = ctypes.c_void_p()
        self._call("cudaMalloc", ctypes.byref(address), ctypes.c_size_t(max(1, size)))
        return int(address.value or 0)

    def free(self, address: int) -> None:
        """Give memory back."""
        self._call("cudaFree", ctypes.c_void_p(address))

    def upload(self, array: NDArray[Any], address: int) -> None:
        """Copy an array to the device; it must stay until `synchronize`."""
        self._copy(address, array.ctypes.data, array.nbytes, TO_DEVICE)

    def download(self, address: int, array: NDArray[Any]) -> None:
        """Copy from the device into an array, which is filled after `synchronize`."""
        self._copy(array.ctypes.data, address, array.nbytes, TO_HOST)

    def synchronize(self) -> None:
        """Wait for all that was asked for."""
        self._call("cudaStreamSynchronize", ctypes.c_void_p(self.stream))

    def compute_capability(self) -> str:
        """Of the GPU, as "9.0"."""
        numbers = []
        for attribute in (CAPABILITY_MAJOR, CAPABILITY_MINOR):
            value = ctypes.c_int()
            self._call("cudaDeviceGetAttribute", ctypes.byref(value), attribute, 0)
            numbers.append(str(value.value))
        return ".".join(numbers)

    def _copy(self, target: int, source: int, size: int, kind: int) -> None:
        stream = ctypes.c_void_p(self.stream)
        arguments = (ctypes.c_void_p(target), ctypes.c_void_p(source), ctypes.c_size_t(size), kind, stream)
        self._call("cudaMemcpyAsync", *arguments)

    def _call(self, name: str, *arguments: Any) -> None:
        code = getattr(self._library, name)(*arguments)
        if code:
            reason = self._library.cudaGetErrorString(code).decode()
            raise DeviceError(
                f"CUDA: {name} failed ({reason}); see that there is a GPU with enough free memory, and that "
                "its driver fits."
            )


def load(libraries: Sequence[str]) -> ctypes.CDLL:
    """The first of these libraries that can be loaded.

    Raises:
        DeviceError: none can.
    """
    for name in libraries:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise DeviceError(
        f"CUDA: expected one of {', '.join(libraries)}, found none; make engines in the image that "
        "docker/Dockerfile builds for it, or put CUDA's runtime on LD_LIBRARY_PATH."
    )


def describe_gpu() -> tuple[str, str]:
    """Name of the first visible GPU and the driver's version, as nvidia-smi gives them.

    Raises:
        DeviceError: nvidia-smi is missing or fails.
    """
    command = ["nvidia-smi", "--id=0", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        name, _, driver = answer.strip().splitlines()[0].rpartition(",")
    except (OSError, subprocess.SubprocessError, IndexError) as error:
        raise DeviceError(f"GPU: expected nvidia-smi to name one, it failed ({error}).") from error
    return name.strip(), driver.strip()
