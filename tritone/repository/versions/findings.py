"""Checks of versions, pins and canaries over all repositories."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from .edits import canary_config
from .groups import CANARY, Inventory, VersionGroup, read_inventory, served_versions


def check_versions(repositories: Sequence[Path]) -> list[str]:
    """Return the findings, one line each."""
    found = read_inventory(repositories)
    findings = [line for group in found.groups.values() for line in _check_group(group)]
    findings += _check_pins(found)
    for name in found.canaries:
        findings += _check_canary(found, name)
    return findings


def _check_group(group: VersionGroup) -> Iterator[str]:
    served = {}
    for folders in group.configs.values():
        for folder in folders:
            where = f"{folder.name}/{folder.config_path.relative_to(folder.path)}"
            if folder.config.version_policy.WhichOneof("policy_choice") != "specific":
                yield (
                    f"{where}: expected `version_policy {{ specific {{ versions: [ 1 ] }} }}`, got "
                    "another or none; without one Triton serves the highest version"
                )
                continue
            served[where] = served_versions(folder)
    if len(set(map(tuple, served.values()))) > 1:
        lines = "; ".join(f"{where} {versions}" for where, versions in served.items())
        yield f"{group.name}: expected all configs to serve the same versions, got {lines}"
    for version in sorted({version for versions in served.values() for version in versions}):
        for model in group.without(version):
            yield f"{model}/{version}: expected a folder for a served version, found none"
    for version in group.versions:
        for kind, archives in group.checkpoints(version).items():
            if len(archives) > 1:
                names = ", ".join(f"{name} {sha256[:12]}" for sha256, name in archives.items())
                yield (
                    f"{group.name} version {version}: expected files of one {kind}, got {names}; "
                    f"export one of them with VERSION={version}"
                )


def _check_pins(found: Inventory) -> Iterator[str]:
    for name, pipeline in found.everything.items():
        for group_name, versions in found.pins(pipeline).items():
            group = found.groups[group_name]
            if len(versions) > 1:
                yield f"{name}: expected one version of the {group_name} models, got {sorted(versions)}"
            for version in sorted(versions):
                if version not in group.served:
                    asked = "no version (-1)" if version == -1 else f"version {version}"
                    yield (
                        f"{name}: uses {asked} of the {group_name} models; "
                        f"expected one that is served, of {group.served}"
                    )
    for group in found.groups.values():
        traffic = found.traffic(group)
        for name, folders in found.streams_of(group).items():
            for folder in folders:
                if traffic and set(served_versions(folder)) != traffic:
                    yield (
                        f"{name}/{folder.config_path.relative_to(folder.path)}: expected to serve version "
                        f"{min(traffic)}, as the pipelines do, got {served_versions(folder)}; correct its "
                        "version_policy"
                    )
        for subject, versions in (("pipelines", found.traffic(group)), ("canaries", found.on_trial(group))):
            if len(versions) > 1:
                yield f"{group.name}: expected all {subject} to use one version, got {sorted(versions)}"


def _check_canary(found: Inventory, name: str) -> Iterator[str]:
    pipeline = found.pipelines.get(name.removesuffix(CANARY))
    if pipeline is None:
        yield f"{name}: expected its pipeline {name.removesuffix(CANARY)}, found none; remove the folder"
        return
    text = found.canaries[name].config_path.read_text(encoding="utf-8")
    wanted = canary_config(pipeline.config_path.read_text(encoding="utf-8"), pipeline.name)
    if _without_versions(text) != _without_versions(wanted):
        yield (
            f"{name}: differs from {pipeline.name} in more than versions; "
            "remove the folder and serve the version again"
        )


def _without_versions(text: str) -> str:
    return re.sub(r"model_version: -?\d+", "model_version:", text)
