"""Create a project environment: `python3 tools/environment.py KIND [FOLDER]`. Standard library only.

Kinds: serve, cpu, gpu, perf, deploy, test, export, alternative, model-analyzer; on a node, with a folder:
node or front-door (its proxy).

A stamp with a hash of the installed lock files makes a second run return at once.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
DISTRIBUTIONS = (ROOT, ROOT / "clients", ROOT / "gateway")
OLDEST_GLIBC = (2, 35)  # of the Triton wheel
SERVING_STAMP, GPU_STAMP = ".stamp", ".stamp-gpu"
OLDEST_GPU_PYTHON = (3, 11)  # that ONNX Runtime for CUDA 13 has wheels for
# The stubs of Triton's Python backend embed libpython and support the ABI of numpy 1 only, whose last wheels
# are for 3.12.
SERVE_PYTHONS = ("3.12", "3.11", "3.10")
MANAGED_PYTHON = "3.12"
_PROBE = """
import os, sys, sysconfig
name = "libpython%d.%d.so.1.0" % sys.version_info[:2]
folders = [sysconfig.get_config_var("LIBDIR") or "", sys.base_prefix + "/lib",
           "/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"]
import ensurepip, venv
print("%d.%d" % sys.version_info[:2], any(os.path.isfile(os.path.join(folder, name)) for folder in folders))
"""


def main(arguments: list[str]) -> None:
    """Create the environment of a kind, in a folder if it is one for a node."""
    here = {
        "serve": serve,
        "cpu": cpu,
        "gpu": gpu,
        "perf": perf,
        "deploy": deploy,
        "test": test,
        "export": export,
        "alternative": alternative,
        "model-analyzer": model_analyzer,
    }
    on_node = {"node": node, "front-door": proxy}
    if len(arguments) == 1 and arguments[0] in here:
        here[arguments[0]]()
    elif len(arguments) == 2 and arguments[0] in on_node:
        on_node[arguments[0]](Path(arguments[1]))
    else:
        sys.exit(
            f"environment: expected {', '.join(here)}, or {' or '.join(on_node)} with a folder, "
            f"got {' '.join(arguments) or 'nothing'}."
        )


def serve() -> None:
    """Serving, client, gateway, tests: locked wheels with hashes, the Triton binary, the project itself."""
    dev, triton = _lock("dev"), _lock("triton")
    _environment(
        ROOT / ".venv",
        [dev, triton, *(folder / "pyproject.toml" for folder in DISTRIBUTIONS)],
        [
            _locked(dev),
            ["--no-deps", *_locked(triton)],
            [
                "--no-deps",
                "--no-build-isolation",
                *(part for folder in DISTRIBUTIONS for part in ("-e", str(folder))),
            ],
        ],
        _serving_python,
    )


def gpu() -> None:
    """Serving with ONNX Runtime's build for CUDA instead of its CPU build, and CUDA's libraries.

    Both builds are the same Python package, so the other one is uninstalled first. The stamp of serving is
    absent until the new build is complete, so the next command repairs an interrupted installation. `cpu`,
    or the next change of the locks, restores the CPU build.
    """
    serve()
    folder, lock = ROOT / ".venv", _lock("gpu")
    version = _version_of(folder / "bin/python")
    if version < OLDEST_GPU_PYTHON:
        sys.exit(
            f"environment: ONNX Runtime for CUDA 13 needs Python 3.11 or 3.12, {folder.name} has "
            f"{version[0]}.{version[1]}; recreate it: rm -r {folder.name}, then "
            "make setup GPU=1 PYTHON=python3.12."
        )
    stamp, serving = folder / GPU_STAMP, folder / SERVING_STAMP
    digest = serving.read_text()
    if not stamp.is_file():
        stamp.write_text("")  # started
        serving.unlink()
        _uninstall(folder, ["onnxruntime"])
    _environment(folder, [lock], [_locked(lock)], _serving_python, stamp=GPU_STAMP)
    serving.write_text(digest)


def cpu() -> None:
    """Serving with ONNX Runtime's CPU build, also where the one for CUDA was."""
    if (ROOT / ".venv" / GPU_STAMP).is_file():
        (ROOT / ".venv" / SERVING_STAMP).unlink(missing_ok=True)
    serve()


def perf() -> None:
    """Load tests and their reports, on top of serving."""
    _on_top_of_serving("perf")


def deploy() -> None:
    """Tests of deploys, on top of serving."""
    _on_top_of_serving("deploy")


def test() -> None:
    """The clients, databases and stores that tests of the gateway use, on top of serving."""
    _on_top_of_serving("test")


def node(folder: Path) -> None:
    """Serving from wheels on a node. The project itself is not installed: releases share the environment."""
    locks = [_lock("node"), _lock("triton"), _lock("gateway")]
    _environment(
        folder,
        locks,
        [_locked(locks[0]), ["--no-deps", *_locked(locks[1])], _locked(locks[2])],
        lambda: _serving_python(folder.parent / "python"),
    )


def proxy(folder: Path) -> None:
    """Envoy, for the proxy of a node."""
    lock = _lock("deploy")
    _environment(folder, [lock], [_locked(lock)], lambda: sys.executable)


def export() -> None:
    """NeMo, for exporting and training. Torch comes first: it decides between CPU and CUDA builds."""
    requirements = ROOT / "export/requirements.txt"
    torch = next(line for line in requirements.read_text().splitlines() if line.startswith("torch=="))
    index = os.environ.get("TORCH_INDEX")
    _environment(
        ROOT / ".venv-export",
        [requirements],
        [[torch, *(["--index-url", index] if index else [])], ["-r", str(requirements)]],
        _export_python,
    )


def alternative() -> None:
    """The web server of the alternative that tritone is compared with, in the export environment."""
    folder, pins = ROOT / ".venv-export", ROOT / "export/requirements.txt"
    if not (folder / "bin/python").exists():
        sys.exit(
            f"environment: expected the export environment in {folder.name}, found none; "
            "run `make export-env`."
        )
    requirements = ROOT / "perf/alternative/requirements.txt"
    _environment(
        folder,
        [requirements],
        [["-r", str(requirements), "-c", str(pins)]],
        _export_python,
        stamp=".stamp-alternative",
    )


def model_analyzer() -> None:
    """NVIDIA's Model Analyzer, isolated because it pins older packages than the other environments."""
    requirements = ROOT / "perf/tune/model_analyzer/requirements.txt"
    _environment(
        ROOT / ".cache/model-analyzer", [requirements], [["-r", str(requirements)]], lambda: sys.executable
    )


def _on_top_of_serving(kind: str) -> None:
    serve()
    lock = _lock(kind)
    _environment(ROOT / ".venv", [lock], [_locked(lock)], _serving_python, stamp=f".stamp-{kind}")


def _lock(kind: str) -> Path:
    return ROOT / f"requirements/{kind}.txt"


def _locked(lock: Path) -> list[str]:
    return ["--require-hashes", "-r", str(lock)]


def _environment(
    folder: Path,
    sources: list[Path],
    installs: list[list[str]],
    choose_python: Callable[[], str],
    stamp: str = SERVING_STAMP,
) -> None:
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    installed = folder / stamp
    python, pip = folder / "bin/python", folder / "bin/pip"
    if installed.is_file() and installed.read_text() == digest and python.exists():
        return
    if not (python.exists() and pip.exists()):  # pip comes last: without it, creation was interrupted
        chosen = choose_python()
        print(f"Setting up {folder.name} with {chosen}", flush=True)
        _run([chosen, "-m", "venv", str(folder)])
    else:
        print(f"Updating {folder.name}", flush=True)
    if stamp == SERVING_STAMP and (folder / GPU_STAMP).is_file():  # restore the CPU build
        lines = (ROOT / "requirements/gpu.txt").read_text().splitlines()
        libraries = [line.partition("==")[0] for line in lines if line.startswith("nvidia-")]
        _uninstall(folder, ["onnxruntime-gpu", "onnxruntime", *libraries])
        (folder / GPU_STAMP).unlink()
    for arguments in installs:
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments])
    installed.write_text(digest)


def _serving_python(managed: Path = ROOT / ".cache/python") -> str:
    """Return a Python that Triton's stubs can embed: this one, another on PATH, or one that uv downloads."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        sys.exit(f"environment: expected Linux x86-64, got {sys.platform} {platform.machine()}.")
    version = platform.libc_ver()[1]
    if version and tuple(map(int, version.split(".")[:2])) < OLDEST_GLIBC:
        sys.exit(
            f"environment: expected glibc 2.35 or newer (Debian 12, Ubuntu 22.04), got {version}; "
            "use a newer system."
        )
    return _suitable_python() or _managed_python(managed)


def _suitable_python() -> str | None:
    for candidate in (sys.executable, *(shutil.which(f"python{version}") for version in SERVE_PYTHONS)):
        if candidate is None:
            continue
        probe = subprocess.run([candidate, "-c", _PROBE], capture_output=True, text=True)
        version, _, has_library = probe.stdout.strip().partition(" ")
        if probe.returncode == 0 and version in SERVE_PYTHONS and has_library == "True":
            return candidate
    return None


def _managed_python(target: Path) -> str:
    """Download a self-contained Python into `target` with uv; the system's is not changed."""
    print(
        f"No Python {' or '.join(SERVE_PYTHONS)} with a shared libpython here (this is "
        f"{platform.python_version()}); downloading Python {MANAGED_PYTHON} into {target}",
        flush=True,
    )
    with TemporaryDirectory() as folder:
        _run([sys.executable, "-m", "venv", folder])
        _run([f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "uv"])
        fetched = subprocess.call(
            [f"{folder}/bin/uv", "python", "install", "--install-dir", target, MANAGED_PYTHON]
        )
    pythons = sorted(target.glob(f"cpython-{MANAGED_PYTHON}*/bin/python{MANAGED_PYTHON}"))
    if fetched != 0 or not pythons:
        sys.exit(
            f"environment: expected Python {', '.join(SERVE_PYTHONS)} with its shared library, found none "
            "and could not download one; on Debian and Ubuntu run `make apt-packages`, or choose one: "
            "make setup PYTHON=python3.11."
        )
    return str(pythons[-1])


def _export_python() -> str:
    if not (3, 10) <= sys.version_info[:2] <= (3, 12):
        sys.exit(
            f"environment: NeMo needs Python 3.10 to 3.12, got {platform.python_version()}; "
            "choose one: make export-env PYTHON=python3.11."
        )
    return sys.executable


def _version_of(python: Path) -> tuple[int, int]:
    code = "import sys; print(*sys.version_info[:2])"
    major, minor = subprocess.check_output([str(python), "-c", code], text=True).split()
    return int(major), int(minor)


def _uninstall(folder: Path, packages: list[str]) -> None:
    _run([str(folder / "bin/python"), "-m", "pip", "uninstall", "--quiet", "--yes", *packages])


def _run(command: list[str]) -> None:
    if subprocess.call(command) != 0:
        sys.exit(f"environment: `{' '.join(command)}` failed; its message is above.")


if __name__ == "__main__":
    main(sys.argv[1:])
