"""Serve in the foreground: `python -m tritone.server [options] [-- tritonserver flags]`."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType

from ..errors import ServerError
from .gateway import GatewayProcess
from .log import follow_log, write_if_possible
from .options import REPOSITORIES, ServerOptions
from .ports import Ports
from .process import TritonServer
from .supervision import Supervisor

_LAST_LINES_S = 5.0  # to forward the remaining output of an ended server


def main(arguments: list[str] | None = None) -> int:
    """Run a server until Ctrl-C or SIGTERM; return the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    parsed = _parser().parse_args(given)
    server = TritonServer(_options(given))
    asked, stopping, ended = threading.Event(), threading.Event(), threading.Event()
    gateway = None
    if parsed.gateway is not None:  # the server is stopped once the gateway has ended
        options = shlex.split(parsed.gateway)
        gateway = GatewayProcess(server.grpc_url, options, asked, ended=stopping, report=_report)

    def stop(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            _end_at_once(server, gateway, stopping)
        asked.set()
        if gateway is None:
            stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if warning := server.options.exposure():
        _report(warning)
    server.log.touch()
    follower = threading.Thread(
        target=follow_log, args=(server.log, write_if_possible, ended.is_set), daemon=True
    )
    follower.start()
    try:
        if gateway is not None:
            gateway.start()
        code = Supervisor(server, parsed.killed_models, stopping, _report).run()
    except ServerError as error:
        _report(str(error))
        code = 1
    if gateway is not None:
        gateway.stop()
        code = code or int(gateway.failed)
    ended.set()
    follower.join(_LAST_LINES_S)
    server.close()
    return code


def _end_at_once(server: TritonServer, gateway: GatewayProcess | None, stopping: threading.Event) -> None:
    """Give up the requests that are still running."""
    _report("ending at once")
    stopping.set()  # first, so that no end is taken for a crash
    if gateway is not None:
        gateway.kill()
    with suppress(ServerError):
        server.process.kill()


def _report(message: str) -> None:
    write_if_possible(f"tritone: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tritone.server", description="Serve tritone's models in the foreground."
    )
    parser.add_argument("--http-port", type=int, default=8000)
    parser.add_argument("--grpc-port", type=int, default=8001)
    parser.add_argument("--metrics-port", type=int, default=8002)
    parser.add_argument(
        "--address", default="127.0.0.1", help="0.0.0.0 serves other machines too (default: %(default)s)"
    )
    parser.add_argument(
        "--model-repository", type=Path, action="append", help="default: model_repository and ensembles"
    )
    parser.add_argument("--model-config-name", help="use configs/NAME.pbtxt where a model has it, e.g. int8")
    parser.add_argument(
        "--tritonserver",
        default="auto",
        help="wheel, path, auto (PATH first) or a binary (default: %(default)s)",
    )
    parser.add_argument(
        "--admin-key",
        default=os.environ.get("TRITONE_ADMIN_KEY"),
        help="key that unlocks model control and log settings (default: $TRITONE_ADMIN_KEY, else random)",
    )
    parser.add_argument(
        "--open-shared-memory",
        action="store_true",
        help="let clients register shared memory without the key; they can then read and write the tensors "
        "of other clients",
    )
    parser.add_argument(
        "--graph-threads",
        type=int,
        metavar="N",
        help="size of the thread pool that all graphs share in Triton's own ONNX Runtime backend (default: "
        "half of the cores without a GPU, otherwise the backend's default)",
    )
    parser.add_argument(
        "--killed-models",
        choices=("reload", "end", "leave"),
        default="reload",
        help="when a model's process was killed: load the model again, end the server with code 1, or "
        "do nothing (default: %(default)s)",
    )
    parser.add_argument(
        "--gateway",
        metavar="OPTIONS",
        help="also run the gateway in front of the server: options of `tritone-gateway serve`, for example "
        "--gateway='--gateway-port 8080'",
    )
    parser.add_argument("extra", nargs="*", metavar="-- FLAG", help="further tritonserver flags")
    return parser


def _options(arguments: list[str]) -> ServerOptions:
    parsed = _parser().parse_args(arguments)
    options = {"admin_key": parsed.admin_key} if parsed.admin_key else {}
    return ServerOptions(
        repositories=parsed.model_repository or REPOSITORIES,
        ports=Ports(parsed.http_port, parsed.grpc_port, parsed.metrics_port),
        address=parsed.address,
        model_config_name=parsed.model_config_name,
        tritonserver=parsed.tritonserver,
        graph_threads=parsed.graph_threads,
        shared_memory_open=parsed.open_shared_memory,
        extra=parsed.extra,
        **options,
    )


if __name__ == "__main__":
    sys.exit(main())
