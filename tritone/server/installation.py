"""Find a Triton server: the one on PATH (inside NVIDIA's container), else the one in the pytriton wheel."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from ..errors import InstallationError


@dataclass(frozen=True)
class Installation:
    """Where the parts of one Triton server lie."""

    binary: Path  # the tritonserver executable
    backends: Path  # its backend directory
    stubs: Path | None  # Python backend stubs by Python version; None where backends/python has its own
    libraries: tuple[Path, ...]  # for LD_LIBRARY_PATH

    @property
    def has_native_onnxruntime(self) -> bool:
        """Whether the server brings its own ONNX Runtime backend."""
        return any((self.backends / "onnxruntime").glob("libtriton_onnxruntime*"))

    @property
    def python_backends(self) -> tuple[str, ...]:
        """The backends whose models run in processes of their own."""
        return ("python",) if self.has_native_onnxruntime else ("python", "onnxruntime")

    def stub(self) -> Path | None:
        """Return the Python backend stub for the running Python, None where the backend has one inside.

        Raises:
            InstallationError: none for this Python version.
        """
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        if self.stubs is None:
            self._require_own_stub_for(version)
            return None
        stub = self.stubs / version / "triton_python_backend_stub"
        if not stub.is_file():
            offered = ", ".join(sorted(folder.name for folder in self.stubs.iterdir()))
            raise InstallationError(
                f"Python backend: expected a stub for one of Python {offered}, got Python {version}; "
                "make the environment with one of those."
            )
        return stub

    def _require_own_stub_for(self, version: str) -> None:
        """Raise InstallationError if the stub inside the backend embeds another Python."""
        stub = self.backends / "python" / "triton_python_backend_stub"
        embedded = re.search(rb"libpython(3\.\d+)\.so", stub.read_bytes()) if stub.is_file() else None
        if embedded and embedded[1].decode() != version:
            raise InstallationError(
                f"{stub}: expected a stub for this Python {version}, got one for {embedded[1].decode()}; "
                "start the server with the Python that it was built for."
            )


def find_installation(choice: str = "auto") -> Installation:
    """Find the server to run.

    Args:
        choice: "wheel", "path", "auto" (PATH first), or the path of a tritonserver binary.

    Raises:
        InstallationError: not found, or libpython is missing.
    """
    if choice in ("auto", "path"):
        found = shutil.which("tritonserver")
        if found:
            return _native(Path(found).resolve())
        if choice == "path":
            raise InstallationError(
                "tritonserver: expected it on PATH, found none; use the wheel's (--tritonserver wheel)."
            )
    if choice in ("auto", "wheel"):
        return _from_wheel()
    if not os.access(choice, os.X_OK):
        raise InstallationError(
            f"tritonserver: expected an executable file, got {choice}; give the path of the binary."
        )
    return _native(Path(choice).resolve())


def _native(binary: Path) -> Installation:
    return Installation(binary, binary.parent.parent / "backends", None, ())


def _from_wheel() -> Installation:
    spec = importlib.util.find_spec("pytriton")
    if spec is None or spec.origin is None:
        raise InstallationError(
            "nvidia-pytriton: expected the wheel in this environment, found none; run `make setup`."
        )
    package = Path(spec.origin).parent
    server = package / "tritonserver"
    libraries = package.parent / "nvidia_pytriton.libs"
    return Installation(
        binary=server / "bin" / "tritonserver",
        backends=server / "backends",
        stubs=server / "python_backend_stubs",
        libraries=(libraries, _libpython_folder(libraries)),
    )


def _libpython_folder(bundled: Path) -> Path:
    """Return the folder of the running interpreter's shared library, which the stub embeds."""
    name = f"libpython{sys.version_info.major}.{sys.version_info.minor}.so.1.0"
    system = [Path("/usr/lib/x86_64-linux-gnu"), Path("/usr/lib64"), Path("/usr/lib")]
    for folder in (Path(str(sysconfig.get_config_var("LIBDIR"))), Path(sys.base_prefix) / "lib", *system):
        if (folder / name).is_file():
            return folder
    if sys.version_info[:2] == (3, 13) and any(bundled.glob("libpython3-*.13.so.1.0")):
        return bundled
    raise InstallationError(
        f"{name}: Triton's Python backend needs the interpreter's shared library, found none; "
        "install it (`make apt-packages` on Debian and Ubuntu) or use a Python built with --enable-shared."
    )
