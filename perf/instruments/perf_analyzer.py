"""Find perf_analyzer: its binary and the libraries that it links to are unpacked into .cache/.

The binary comes in a wheel of tritonclient, which is not installed: the environment has a newer one.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from perf.instruments.errors import AnalyzerError
from tritone.server.options import ROOT

REQUIREMENT = ROOT / "requirements/perf_analyzer.txt"
CACHE = ROOT / ".cache/perf_analyzer"
# Libraries that a plain system lacks, and the names of the copies in the Triton wheel.
_LIBRARIES = {"libcudart.so.12": "libcudart-*.so.12*", "libb64.so.0d": "libb64-*.so.0d"}
_REMEDIES = {
    "libb64.so.0d": "install it: `make perf-packages`",
    "libcudart.so.12": "install the Triton wheel that contains it: `make setup`",
}


@dataclass(frozen=True)
class Analyzer:
    """A working perf_analyzer."""

    binary: Path
    environment: Mapping[str, str]  # to run it in
    version: str


def find_analyzer(binary: Path | None = None, cache: Path = CACHE) -> Analyzer:
    """Return a perf_analyzer that was checked to start.

    Args:
        binary: for example of NVIDIA's SDK container; None for the one in the wheel.
        cache: folder that the wheel's is unpacked into on first use.

    Raises:
        AnalyzerError: it cannot be fetched or lacks a library; the message names the remedy.
    """
    chosen = _from_wheel(cache) if binary is None else binary
    if not os.access(chosen, os.X_OK) or chosen.is_dir():
        raise AnalyzerError(
            f"perf_analyzer: expected an executable file, got {chosen}; give the path of a binary, or "
            "leave out --perf-analyzer."
        )
    folders = [str(_libraries(cache / "lib")), os.environ.get("LD_LIBRARY_PATH", "")]
    environment = dict(os.environ) | {"LD_LIBRARY_PATH": os.pathsep.join(filter(None, folders))}
    return Analyzer(chosen, environment, _version(chosen, environment))


def _from_wheel(cache: Path) -> Path:
    """Return the cached binary; fetch and unpack it first if there is none."""
    (pinned,) = re.findall(r"^tritonclient==(\S+)", REQUIREMENT.read_text(encoding="utf-8"), re.MULTILINE)
    binary = cache / pinned / "perf_analyzer"
    if binary.is_file():
        return binary
    print(f"perf_analyzer: fetching tritonclient {pinned}, which contains it", file=sys.stderr, flush=True)
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--require-hashes", "--dest", folder, "-r", str(REQUIREMENT)]
        fetched = subprocess.run(command, capture_output=True, text=True)
        wheels = list(Path(folder).glob("tritonclient-*.whl"))
        if fetched.returncode or not wheels:
            raise AnalyzerError(
                f"perf_analyzer: expected to fetch {REQUIREMENT.name}, pip said: "
                f"{_last_line(fetched.stderr)}; check the connection to the package index, "
                "or give a binary with --perf-analyzer PATH."
            )
        unpack(wheels[0], binary)
    return binary


def unpack(wheel: Path, binary: Path) -> None:
    """Extract perf_analyzer from a wheel.

    Raises:
        AnalyzerError: it is not in the wheel.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith(".data/data/bin/perf_analyzer")]
        if not names:
            raise AnalyzerError(
                f"perf_analyzer: expected it in {wheel.name}, found none; use another version."
            )
        binary.parent.mkdir(parents=True, exist_ok=True)
        partial = binary.with_name(f"{binary.name}.{os.getpid()}.part")
        with archive.open(names[0]) as source, partial.open("wb") as target:
            shutil.copyfileobj(source, target)
        partial.chmod(0o755)
        partial.replace(binary)


def _libraries(folder: Path) -> Path:
    """Copy the libraries that are in the Triton wheel to their plain names."""
    spec = importlib.util.find_spec("pytriton")
    if spec is not None and spec.origin is not None:
        folder.mkdir(parents=True, exist_ok=True)
        bundled = Path(spec.origin).parents[1] / "nvidia_pytriton.libs"
        for name, pattern in _LIBRARIES.items():
            for source in sorted(bundled.glob(pattern))[:1]:
                if not (folder / name).is_file():
                    partial = folder / f"{name}.{os.getpid()}.part"
                    shutil.copy2(source, partial)
                    partial.replace(folder / name)
    return folder


def _version(binary: Path, environment: Mapping[str, str]) -> str:
    command, one_stream = [str(binary), "--version"], subprocess.STDOUT
    try:
        tried = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=one_stream, text=True, env=dict(environment)
        )
    except OSError as error:  # built for another processor, for example
        raise AnalyzerError(
            f"perf_analyzer: expected a program for this machine, got {binary}: {error.strerror}; give "
            "another one with --perf-analyzer PATH."
        ) from error
    found = re.search(r"Perf Analyzer Version (\S+)", tried.stdout)
    if found:
        return found[1]
    missing = re.search(r"(\S+\.so\S*): cannot open shared object", tried.stdout)
    if missing:
        remedy = _REMEDIES.get(missing[1], "install the package that contains it")
        raise AnalyzerError(f"perf_analyzer: expected the library {missing[1]}, found none; {remedy}.")
    raise AnalyzerError(
        f"perf_analyzer: expected {binary} to print its version, it ended with code {tried.returncode}: "
        f"{_last_line(tried.stdout)}; give another one with --perf-analyzer PATH."
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing"])[-1]
