"""Find a Triton server: on PATH (as in NVIDIA's container), else in the pytriton wheel."""

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

_PACKAGE = Path(__file__).resolve().parents[1]
IMPORT_FOLDER = _PACKAGE.parent  # on the import path of model code; in a checkout, its root
_IN_WHEEL = _PACKAGE / "backends"  # see pyproject.toml
OWN_BACKENDS = _IN_WHEEL if _IN_WHEEL.is_dir() else IMPORT_FOLDER / "backends"


@dataclass(frozen=True)
class Installation:
    """Paths of one Triton server."""

    binary: Path  # the tritonserver executable
    backends: Path  # its backend directory
    stubs: Path | None  # Python backend stubs by Python version; None if backends/python has its own
    libraries: tuple[Path, ...]  # for LD_LIBRARY_PATH

    @property
    def has_native_onnxruntime(self) -> bool:
        """Whether the server has Triton's own ONNX Runtime backend."""
        return any((self.backends / "onnxruntime").glob("libtriton_onnxruntime*"))

    @property
    def python_backends(self) -> tuple[str, ...]:
        """The backends that run each model instance in a separate process."""
        return ("python",) if self.has_native_onnxruntime else ("python", "onnxruntime")

    def stub(self) -> Path | None:
        """Return the Python backend stub for the running Python, None if the backend contains one.

        Raises:
            InstallationError: there is none for this Python version.
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
                "create the environment with one of those."
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


def build_backend_directory(installation: Installation, target: Path) -> Path:
    """Copy the server's Python backend, the stub for this Python and tritone's own backends into `target`.

    It takes a few megabytes and is built for every server, so it is never stale. Triton refuses links that
    lead out of the backend directory.

    Args:
        installation: the server to be started.
        target: an empty or missing folder.

    Returns:
        The folder to pass as --backend-directory: `target`, or the server's own if that is complete.
    """
    stub = installation.stub()
    if installation.has_native_onnxruntime:
        return installation.backends
    shutil.copytree(installation.backends, target, dirs_exist_ok=True)
    if stub is not None:
        shutil.copy2(stub, target / "python")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(OWN_BACKENDS, target, ignore=ignored, dirs_exist_ok=True)
    return target


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
