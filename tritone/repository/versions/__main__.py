"""`python -m tritone.repository.versions`: serve a second version of a checkpoint, move the traffic to it."""

from __future__ import annotations

import argparse
import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from ...errors import ArtifactError, TritoneError
from ...server.control import ModelControl
from ..command_options import add_options, repositories_of, server_of
from . import procedure
from .findings import check_versions
from .groups import read_inventory
from .live import follow
from .show import table

_STEPS = {"serve": procedure.serve, "move": procedure.move, "drop": procedure.drop}
_DONE = {
    "serve": "{group} version {version} is served too; canary pipelines: {canaries}.",
    "move": "The pipelines use {group} version {version}.",
    "drop": "{group} version {version} is no longer served; its files are kept.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one step; return 0, or 1 if it was rejected or failed and nothing was changed."""
    given = _parser().parse_args(arguments)
    repositories = repositories_of(given)
    try:
        server = server_of(given)
        if given.step == "show":
            print("\n".join(table(read_inventory(repositories), server)))
            return 0
        done = _change(given.step, given.group, given.version, repositories, server)
    except (TritoneError, OSError) as error:
        print(f"tritone: {error}", file=sys.stderr)
        return 1
    print(done)
    if server is None:
        print("Written to the configs; a server applies it when it starts, or at once with --server.")
    return 0


def _change(
    step: str, group: str, version: int, repositories: Sequence[Path], server: ModelControl | None
) -> str:
    change = _STEPS[step](read_inventory(repositories), group, version)
    undo = change.edits.apply()
    try:
        findings = _findings(repositories, group)
    except BaseException:
        undo.apply()
        raise
    if findings:
        undo.apply()
        raise ArtifactError("\n".join([f"not done, {len(findings)} finding(s):", *findings]))
    if server is not None:
        follow(change, undo, server, lambda line: print(line, flush=True))
    after = read_inventory(repositories)
    canaries = [name for name, canary in after.canaries.items() if group in after.pins(canary)]
    return _DONE[step].format(group=group, version=version, canaries=", ".join(canaries))


def _findings(repositories: Sequence[Path], group: str) -> list[str]:
    """Return the findings of `make check` on a group and its pipelines; without onnx, only on versions."""
    if importlib.util.find_spec("onnx") is None:
        findings = check_versions(repositories)
    else:
        from ..checks import check_repositories

        findings = check_repositories(repositories)
    found = read_inventory(repositories)
    users = [name for name, pipeline in found.everything.items() if group in found.pins(pipeline)]
    names = "|".join([group, *found.groups[group].models, *users])
    return [line for line in findings if re.search(rf"\b({names})\b", line)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tritone.repository.versions", description=__doc__)
    parser.set_defaults(group=None, version=None)
    common = argparse.ArgumentParser(add_help=False)
    add_options(common)
    steps = parser.add_subparsers(dest="step", required=True)
    steps.add_parser("show", parents=[common], help="list the versions, and which one gets the traffic")
    for step, says in {
        "serve": "serve another version too; canary pipelines use it",
        "move": "let the pipelines use a served version",
        "drop": "stop serving a version",
    }.items():
        added = steps.add_parser(step, parents=[common], help=says)
        added.add_argument("group", help="asr, punctuation or tts")
        added.add_argument("version", type=int)
    return parser


if __name__ == "__main__":
    sys.exit(main())
