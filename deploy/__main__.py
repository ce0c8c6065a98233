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
from deploy.options import DEFAULT_ROOT, Destination, ReleaseOptions, Timeouts
from deploy.progress import Progress
from deploy.release import release
from deploy.rollback import rollback
from deploy.runtimes import CHOICES
from deploy.smoke import TEXT, SmokeTest, demo_recordings
from deploy.status import status
from deploy.tree import ROOT
from tritone.server import Ports

INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0 on success (status: the node serves), else 1, 2 or 130."""
    given = _parser().parse_args(arguments)
    # Clean up as on Ctrl-C when the terminal closes or the parent process ends this one.
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
    target = Destination(given.host, given.root, shlex.split(os.environ.get("SSH_ARGS", "")), given.dry_run)
    smoke_test = SmokeTest(given.recording or demo_recordings(), given.text)
    if given.command == "status":
        return 0 if status(target, smoke_test, progress, given.json) else 1
    timeouts = Timeouts(given.start_timeout, given.drain_timeout)
    if given.command == "rollback":
        rollback(target, given.to, smoke_test, timeouts, progress)
        return 0
    options = ReleaseOptions(
        source=given.source.resolve(),
        smoke_test=smoke_test,
        runtime=given.runtime,
        address=given.address,
        ports=Ports(given.http_port, given.grpc_port, given.metrics_port),
        gateway_port=given.gateway_port or None,
        gateway_options=given.gateway_options,
        inner_port=given.inner_port,
        body_limit_mib=given.body_limit,
        keep=given.keep,
        model_config_name=given.model_config_name,
        gpus=given.gpus,
        python=given.python,
        envoy=given.envoy,
        timeouts=timeouts,
    )
    release(target, options, progress)
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    option = common.add_argument
    option("host", metavar="HOST", help="user@node, or an alias from ssh's configuration")
    option("--root", default=DEFAULT_ROOT, help="folder on the node (default: ~/%(default)s)")
    option("--dry-run", action="store_true", help="print every step, change nothing")
    option("--verbose", action="store_true", help="print every command that is run")
    option("--recording", type=Path, action="append", help="speech for the smoke test (default: the demo's)")
    option("--text", default=TEXT, help="text that the smoke test synthesises")
    changing = argparse.ArgumentParser(add_help=False)
    waits = (
        ("start", "to load the models", Timeouts.start_s),
        ("drain", "for the last requests", Timeouts.drain_s),
    )
    for name, purpose, default_s in waits:
        changing.add_argument(
            f"--{name}-timeout",
            type=float,
            default=default_s,
            metavar="S",
            help=f"{purpose} (default: %(default)g)",
        )
    parser = argparse.ArgumentParser(prog="python -m deploy", description="Operate a node over ssh.")
    commands = parser.add_subparsers(dest="command", required=True)
    parents = [common, changing]
    _add_release_options(
        commands.add_parser("release", parents=parents, help="copy a tree to a node and switch to it")
    )
    back = commands.add_parser("rollback", parents=parents, help="switch to the release that served before")
    back.add_argument("--to", metavar="ID", help="another release on the node, see status")
    show = commands.add_parser("status", parents=[common], help="show what a node serves")
    show.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _add_release_options(parser: argparse.ArgumentParser) -> None:
    option, defaults = parser.add_argument, ReleaseOptions
    option("--source", type=Path, default=ROOT, help="the tree (default: this one)")
    option(
        "--runtime",
        choices=CHOICES,
        default=defaults.runtime,
        help="default: containers on a node with Docker",
    )
    option("--address", default=defaults.address, help="of the proxy (default: %(default)s, all addresses)")
    for name, port in vars(Ports()).items():
        option(f"--{name}-port", type=int, default=port, help="default: %(default)s")
    option(
        "--gateway-port",
        type=int,
        default=defaults.gateway_port,
        help="of the gateway, 0: without it (default: %(default)s)",
    )
    option(
        "--gateway-options",
        default=defaults.gateway_options,
        metavar="OPTIONS",
        help="further options of `tritone-gateway serve`: --gateway-options='--retention-days 30'",
    )
    option(
        "--inner-port",
        type=int,
        default=defaults.inner_port,
        help="first port for servers (default: %(default)s)",
    )
    option(
        "--body-limit",
        type=int,
        default=defaults.body_limit_mib,
        metavar="MIB",
        help="of one request at the proxy; an hour of samples takes 220 (default: %(default)s)",
    )
    option("--keep", type=int, default=defaults.keep, help="releases on the node (default: %(default)s)")
    option("--model-config-name", help="config variant, or none (default: tensorrt on a GPU, else none)")
    option("--gpus", help="Docker's --gpus, or none (default: all)")
    option("--python", help="Python on the node with everything installed (default: install it)")
    option("--envoy", help="Envoy on the node: binary, or image (default: the locked version)")


if __name__ == "__main__":
    sys.exit(main())
