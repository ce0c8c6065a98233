"""The machine and the package versions of a measurement."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

from tritone.onnx_backend.settings import available_cores

PACKAGES = ("onnxruntime", "nvidia-pytriton", "numpy", "tritonclient")


def describe() -> dict[str, str]:
    """Return processor, memory, system, versions and the load average before the measurement."""
    return {
        "processor": f"{available_cores()} cores, {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"Linux {platform.release().partition('-')[0]}, Python {platform.python_version()}",
        "versions": ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES),
        "load before": f"{os.getloadavg()[0]:.2f} (1-minute average)",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
