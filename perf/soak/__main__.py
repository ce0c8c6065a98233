"""`python -m perf.soak`: mixed requests; exit code 1 on a wrong answer, failure or memory growth."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from perf.instruments.command_line import log, positive, whole_number, write_text
from perf.instruments.server import Endpoints, serving
from perf.soak.runner import Plan, report, soak
from tritone.errors import ServerError
from tritone.server.options import REPOSITORIES


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak a server that is started here, or a running one; return the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if bool(given.grpc_url) != bool(given.http_url):
        parser.error(
            "--grpc-url, --http-url: expected both endpoints of the running server, got one; add the other"
        )
    plan = Plan(given.requests, given.minutes, given.callers, given.growth, given.seed)
    try:
        if given.grpc_url:
            outcome = soak(Endpoints(given.grpc_url, given.http_url, "", given.pid), plan)
        else:
            with serving(REPOSITORIES[0], given.model_config_name) as server:
                outcome = soak(Endpoints.of(server), plan)
    except (ServerError, ValueError, OSError) as error:
        log(f"perf.soak: {error}")
        return 1
    text = report(outcome)
    print(text, end="")
    write_text(given.report, text)
    return 1 if outcome.problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m perf.soak", description=__doc__)
    parser.add_argument("--requests", type=whole_number, default=5000, help="maximum (default: %(default)s)")
    parser.add_argument("--minutes", type=positive, default=5.0, help="maximum (default: %(default)s)")
    parser.add_argument(
        "--callers",
        type=whole_number,
        default=8,
        help="concurrent callers, of all four kinds (default: %(default)s)",
    )
    parser.add_argument(
        "--growth",
        type=float,
        default=0.05,
        help="largest growth of memory after the first quarter, as a share (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="for the choice of requests (default: %(default)s)"
    )
    parser.add_argument("--model-config-name", help="configs/NAME.pbtxt for the started server, e.g. int8")
    parser.add_argument("--grpc-url", help="HOST:PORT of a running server; default: start one")
    parser.add_argument("--http-url", help="HOST:PORT of the same server")
    parser.add_argument("--pid", type=int, help="of the running tritonserver, to read its memory")
    parser.add_argument("--report", type=Path, metavar="FILE", help="also write the report there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
