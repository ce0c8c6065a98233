"""Find perf_analyzer: unpacked from its wheel into .cache/, beside the libraries that it links to.

The wheel's own Python package is left alone: the environment has a newer tritonclient.
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
# What it links to beyond a plain system, and how the Triton wheel calls its copies.
_LIBRARIES = {"libcudart.so.12": "libcudart-*.so.12*", "libb64.so.0d": "libb64-*.so.0d"}
_REMEDIES = {
    "libb64.so.0d": "install it: `make perf-packages`",
    "libcudart.so.12": "install the Triton wheel that carries it: `make setup`",
}


@dataclass(frozen=True)
class Analyzer:
    """A perf_analyzer that starts."""

    binary: Path
    environment: Mapping[str, str]  # to run it in
    version: str


def find_analyzer(binary: Path | None = None, cache: Path = CACHE) -> Analyzer:
    """Return a perf_analyzer that was tried.

    Args:
        binary: an own one, from NVIDIA's SDK container for example; None takes the wheel's.
        cache: where the wheel's is unpacked to, once.

    Raises:
        AnalyzerError: it cannot be had, or misses a library; the message says what to do.
    """
    chosen = _from_wheel(cache) if binary is None else binary
    if not os.access(chosen, os.X_OK) or chosen.is_dir():
        raise AnalyzerError(
            f"perf_analyzer: expected an executable file, got {chosen}; give the path of the binary, or "
            "none for the wheel's."
        )
    folders = [str(_libraries(cache / "lib")), os.environ.get("LD_LIBRARY_PATH", "")]
    environment = dict(os.environ) | {"LD_LIBRARY_PATH": os.pathsep.join(filter(None, folders))}
    return Analyzer(chosen, environment, _version(chosen, environment))


def _from_wheel(cache: Path) -> Path:
    """Unpack the binary, unless it was unpacked before."""
    (pinned,) = re.findall(r"^tritonclient==(\S+)", REQUIREMENT.read_text(encoding="utf-8"), re.MULTILINE)
    binary = cache / pinned / "perf_analyzer"
    if binary.is_file():
        return binary
    print(f"perf_analyzer: fetching tritonclient {pinned}, which carries it", file=sys.stderr, flush=True)
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
    """Take perf_analyzer out of a wheel.

    Raises:
        AnalyzerError: the wheel has none.
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
    """Give the Triton wheel's copies of the libraries their plain names, as far as it has them."""
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
        remedy = _REMEDIES.get(missing[1], "install the package that carries it")
        raise AnalyzerError(f"perf_analyzer: expected the library {missing[1]}, found none; {remedy}.")
    raise AnalyzerError(
        f"perf_analyzer: expected {binary} to tell its version, it ended with code {tried.returncode}: "
        f"{_last_line(tried.stdout)}; give another one with --perf-analyzer PATH."
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing"])[-1]
