"""Differences between the conditions of two runs that may explain different figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from perf.instruments.load_test_results import LoadTestRun

# Prefixes of entries that describe how busy a machine was, not which one it is.
_PASSING = ("load",)


def warnings(base: LoadTestRun, new: LoadTestRun) -> list[str]:
    """Return a sentence for each difference, the most important first."""
    return [*_machine(base, new), *_software(base, new), *_requested(base, new), *_circumstances(base, new)]


def _machine(base: LoadTestRun, new: LoadTestRun) -> Iterator[str]:
    differing = _differences("machine", _lasting(base.machine), _lasting(new.machine))
    if differing:
        yield (
            "The machines differ: figures from different machines are not comparable, the ratios say nothing "
            f"about the code. {'; '.join(differing)}."
        )
    if base.own_server != new.own_server:
        ways = {True: "started by the test itself", False: "already running"}
        yield f"The servers differ: base {ways[base.own_server]}, new {ways[new.own_server]}."


def _software(base: LoadTestRun, new: LoadTestRun) -> Iterator[str]:
    versions = _differences("version", base.versions, new.versions)
    if versions:
        yield f"Versions differ: {'; '.join(versions)}."
    if base.config_variant != new.config_variant:
        yield f"Config variants differ: base {base.config_variant}, new {new.config_variant}."


def _requested(base: LoadTestRun, new: LoadTestRun) -> Iterator[str]:
    theirs = {inputs.model: inputs for inputs in new.inputs}
    differing = [
        inputs.model for inputs in base.inputs if inputs.model in theirs and inputs != theirs[inputs.model]
    ]
    if differing:
        yield f"Inputs differ for {', '.join(differing)}: different lengths or numbers of requests."
    settings = _differences("setting", base.settings, new.settings)
    if settings:
        yield f"Settings of the measurement differ: {'; '.join(settings)}."


def _circumstances(base: LoadTestRun, new: LoadTestRun) -> Iterator[str]:
    for name, run, other in (("base", base, new), ("new", new, base)):
        for left, reason in run.skipped.items():
            if left not in other.skipped:
                yield f"The {name} run did not measure {left}: {reason}"
        if not run.quiet:
            yield f"The machine was busy before the {name} run: {run.quietness}."
        if run.git_commit.endswith("-dirty"):
            yield f"The {name} run's tree had uncommitted changes: {run.git_commit}."


def _lasting(machine: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in machine.items() if not name.startswith(_PASSING)}


def _differences(noun: str, base: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    names = dict.fromkeys([*base, *new])
    return [
        f"{noun} {name}: base {base.get(name, 'unknown')}, new {new.get(name, 'unknown')}"
        for name in names
        if base.get(name) != new.get(name)
    ]
