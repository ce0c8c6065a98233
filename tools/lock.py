"""Resolve requirements/*.in to lock files with hashes that hold for all supported Pythons."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"


def main() -> None:
    """Write dev.txt, then the others with the same versions."""
    subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", "uv"])
    _compile("dev")
    for kind in ("serve", "gateway", "test", "perf", "deploy", "node", "build", "gpu", "engines"):
        _compile(kind, "--constraint", "dev.txt")


def _compile(kind: str, *options: str) -> None:
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
    command += ["--python-version", "3.10", "--generate-hashes", "--no-emit-index-url", "--no-header"]
    command += [f"{kind}.in", "--output-file", f"{kind}.txt", *options]
    subprocess.check_call(command, cwd=REQUIREMENTS)


if __name__ == "__main__":
    main()
