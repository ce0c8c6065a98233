"""Resolve requirements/*.in with hashes, once for all supported Pythons."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"


def main() -> None:
    """Write dev.txt, then the others with the same versions."""
    subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", "uv"])
    _compile("dev.in", "dev.txt")
    _compile("serve.in", "serve.txt", "--constraint", "dev.txt")
    _compile("perf.in", "perf.txt", "--constraint", "dev.txt")
    _compile("deploy.in", "deploy.txt", "--constraint", "dev.txt")
    _compile("node.in", "node.txt", "--constraint", "dev.txt")
    _compile("build.in", "build.txt", "--constraint", "dev.txt")
    _compile("gpu.in", "gpu.txt", "--constraint", "dev.txt")
    _compile("engines.in", "engines.txt", "--constraint", "dev.txt")


def _compile(source: str, target: str, *options: str) -> None:
    command = [
        "-m",
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--python-version",
        "3.10",
        "--generate-hashes",
    ]
    command += ["--no-emit-index-url", "--no-header", source, "--output-file", target, *options]
    subprocess.check_call([sys.executable, *command], cwd=REQUIREMENTS)


if __name__ == "__main__":
    main()
