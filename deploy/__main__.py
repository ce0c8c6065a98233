"""`python -m deploy release|rollback|status HOST`."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from deploy.errors import DeployError, UsageError
from deploy.options import DEFAULT_ROOT, ReleaseOptions, Target
from deploy.ports import PortTriple
from deploy.progress import Progress
from deploy.release_command import release
from deploy.rollback_command import RollbackOptions, rollback
from deploy.runtimes.choice import CHOICES
from deploy.session import Timeouts
from deploy.smoke import TEXT, SmokeTest, demo_recordings
from deploy.status_command import status
from deploy.tree import ROOT

INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it came about (status: the node serves), else 1, 2 or 130."""
    given = _parser().parse_args(arguments)
    # The end of the terminal, or of what runs this, tidies up as Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    progress = Progress(commands=given.verbose or given.dry_run)
    try:
        return _run(given, progress)
    except DeployError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        print("\ndeploy: interrupted; the node stops what does not serve (`make status`)", file=sys.stderr)
        return INTERRUPTED


def _run(given: argparse.Namespace, progress: Progress) -> int:
    target = Target(given.host, given.root, shlex.split(os.environ.get("SSH_ARGS", "")), given.dry_run)
    smoke_test = SmokeTest(given.recording or demo_recordings(), given.text)
    if given.command == "status":
        return 0 if status(target, smoke_test, progress, given.json) else 1
    timeouts = Timeouts(given.start_timeout, given.drain_timeout)
    if given.command == "rollback":
        rollback(target, RollbackOptions(smoke_test, given.to, timeouts), progress)
        return 0
    release(
        target,
        ReleaseOptions(
            source=given.source.resolve(),
            smoke_test=smoke_test,
            runtime=given.runtime,
            address=given.address,
            ports=PortTriple(given.http_port, given.grpc_port, given.metrics_port),
            inner_port=given.inner_port,
            body_limit_mib=given.body_limit,
            keep=given.keep,
            model_config_name=given.model_config_name,
            gpus=given.gpus,
            python=given.python,
            envoy=given.envoy,
            timeouts=timeouts,
        ),
        progress,
    )
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy", description="Operate a node over ssh.")
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("host", metavar="HOST", help="user@node, or an alias of ssh's configuration")
    common.add_argument("--root", default=DEFAULT_ROOT, help="folder on the node (default: ~/%(default)s)")
    common.add_argument("--dry-run", action="store_true", help="print every step, touch nothing")
    common.add_argument("--verbose", action="store_true", help="print every command that is run")
    common.add_argument(
        "--recording",
        type=Path,
        action="append",
        help="file with speech for the smoke test (default: of the demo)",
    )
    common.add_argument("--text", default=TEXT, help="what the smoke test lets it say")
    changing = argparse.ArgumentParser(add_help=False)
    changing.add_argument(
        "--start-timeout",
        type=float,
        default=600,
        metavar="S",
        help="for loading the models (default: %(default)g)",
    )
    changing.add_argument(
        "--drain-timeout",
        type=float,
        default=600,
        metavar="S",
        help="for the last requests (default: %(default)g)",
    )
    make = commands.add_parser(
        "release", parents=[common, changing], help="put a tree on a node and switch to it"
    )
    _add_release_options(make)
    back = commands.add_parser(
        "rollback", parents=[common, changing], help="switch to the release that served before"
    )
    back.add_argument("--to", metavar="ID", help="another release that is still there, see status")
    look = commands.add_parser("status", parents=[common], help="what a node serves")
    look.add_argument("--json", action="store_true", help="for programs")
    return parser


def _add_release_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", type=Path, default=ROOT, help="the tree (default: this one)")
    parser.add_argument(
        "--runtime", choices=CHOICES, default="auto", help="default: containers where Docker is"
    )
    parser.add_argument("--address", default="0.0.0.0", help="of the proxy (default: %(default)s, everyone)")
    parser.add_argument("--http-port", type=int, default=8000, help="default: %(default)s")
    parser.add_argument("--grpc-port", type=int, default=8001, help="default: %(default)s")
    parser.add_argument("--metrics-port", type=int, default=8002, help="default: %(default)s")
    parser.add_argument(
        "--inner-port", type=int, default=18000, help="servers get ports from here on (default: %(default)s)"
    )
    parser.add_argument(
        "--body-limit",
        type=int,
        default=256,
        metavar="MIB",
        help="of one request at the proxy; an hour of samples takes 220 (default: %(default)s)",
    )
    parser.add_argument("--keep", type=int, default=3, help="releases on the node (default: %(default)s)")
    parser.add_argument(
        "--model-config-name", help="config variant, or none (default: tensorrt on a GPU, else none)"
    )
    parser.add_argument("--gpus", help="Docker's --gpus, or none (default: all)")
    parser.add_argument(
        "--python", help="Python on the node with everything installed (default: it is installed)"
    )
    parser.add_argument("--envoy", help="Envoy on the node: binary, or image (default: the locked version)")


if __name__ == "__main__":
    sys.exit(main())
