"""What a load test ran on: machine, versions, commit, and the load caused by other processes."""

from __future__ import annotations

import importlib.metadata
import os
import resource
import subprocess
import time
from dataclasses import dataclass

import psutil

from perf.instruments import machine
from perf.instruments.process_tree import tree_cpu_s
from tritone.onnx_backend.settings import available_cores
from tritone.server.options import ROOT

QUIET_SHARE = 0.1  # of the cores that other processes may use
SAMPLE_S = 2.0  # of the machine's load before the test
_WRITTEN = ("perf/report", "perf/results")  # by measurements: not code


def describe_machine() -> dict[str, str]:
    """Return processor, memory, system and GPUs of this machine."""
    described = machine.describe()
    found = {name: described[name] for name in ("processor", "memory", "system")}
    gpus = _output(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"])
    return found | {"GPU": "; ".join(gpus.splitlines()) or "none"}


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that affect the figures."""
    return {name: importlib.metadata.version(name) for name in machine.PACKAGES}


def git_commit() -> str:
    """Return the commit of this tree, with "-dirty" appended if files differ; "unknown" outside git."""
    commit = _output(["git", "rev-parse", "HEAD"])
    if not commit:
        return "unknown"
    status = ["git", "status", "--porcelain", "--untracked-files=no", "--", "."]
    changed = _output([*status, *(f":(exclude){folder}" for folder in _WRITTEN)])
    return f"{commit}-dirty" if changed else commit


@dataclass(frozen=True)
class Quietness:
    """Whether other processes left the machine quiet."""

    quiet: bool
    details: str  # in figures


class BackgroundLoad:
    """Measures the processor time of other processes before and during the test."""

    def __init__(self) -> None:
        self._cores = available_cores()
        self._load = os.getloadavg()[0]
        self._before = psutil.cpu_percent(interval=SAMPLE_S) / 100 * (psutil.cpu_count() or 1) / self._cores
        self._others_s = 0.0
        self._watched_s = 0.0
        self._mark: tuple[float, float, float] | None = None

    def start(self, server: int | None) -> None:
        """Start measuring; without the pid of a server that the test started, nothing is measured."""
        if server is not None:
            self._mark = time.monotonic(), _machine_s(), self._own_s(server)

    def stop(self, server: int | None) -> None:
        """Stop measuring; the server must still be running."""
        if server is not None and self._mark is not None:
            started_s, machine_s, own_s = self._mark
            self._watched_s += time.monotonic() - started_s
            self._others_s += max(0.0, _machine_s() - machine_s - (self._own_s(server) - own_s))
            self._mark = None

    def judge(self) -> Quietness:
        """Return whether the machine was quiet."""
        details = f"{self._before:.0%} of {self._cores} cores busy before, load average {self._load:.2f}"
        quiet = self._before <= QUIET_SHARE
        if self._watched_s:
            share = self._others_s / self._watched_s / self._cores
            details += f"; other processes took {share:.0%} of them during the test"
            quiet = quiet and share <= QUIET_SHARE
        return Quietness(quiet, details)

    @staticmethod
    def _own_s(server: int) -> float:
        """Return the processor time of the server, this process and its finished children (perf_analyzer)."""
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return tree_cpu_s(server) + sum(usage.ru_utime + usage.ru_stime for usage in used)


def _machine_s() -> float:
    """Return the processor time of all processes of the machine."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
