"""Serve in the foreground: `python -m tritone.server [options] [-- tritonserver flags]`."""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from ..errors import ServerError
from .healing import Healer
from .log import follow_log
from .model_processes import ModelProcesses
from .options import REPOSITORIES, ServerOptions
from .ports import Ports
from .process import TritonServer

_LAST_LINES_S = 5.0  # to pass on what an ended server has written


def main(arguments: list[str] | None = None) -> int:
    """Run a server until Ctrl-C or SIGTERM; return the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    killed_models = _parser().parse_args(given).killed_models
    server = TritonServer(_options(given))
    ready, stopping, broken = (threading.Event() for _ in range(3))

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        server.start()
        follower = threading.Thread(target=_follow_log, args=(server,), daemon=True)
        follower.start()
        threading.Thread(target=_announce, args=(server, ready, stopping), daemon=True).start()
        if killed_models != "leave":
            heal = killed_models == "reload"
            threading.Thread(target=_watch, args=(server, heal, ready, stopping, broken), daemon=True).start()
        code = _until_stopped(server, stopping, broken)
        follower.join(_LAST_LINES_S)
    except ServerError as error:
        print(f"tritone: {error}", file=sys.stderr)
        code = 1
    server.close()
    return code


def _until_stopped(server: TritonServer, stopping: threading.Event, broken: threading.Event) -> int:
    process = server.process
    while not stopping.wait(0.2):
        if broken.is_set():
            server.stop()
            return 1  # a supervisor starts the server anew
        code = process.poll()
        if code is not None:
            print(
                f"tritone: tritonserver ended with code {code}.\n{server.failure_report()}", file=sys.stderr
            )
            return 1
    print("tritone: stopping, requests in flight are finished first", file=sys.stderr)
    return 0 if server.stop() == 0 else 1


def _announce(server: TritonServer, ready: threading.Event, stopping: threading.Event) -> None:
    try:
        server.wait_ready(math.inf)  # where engines are built at the start, that takes long
    except ServerError:
        return  # the main thread reports it
    ready.set()
    if not stopping.is_set():
        print(
            f"tritone: ready. gRPC {server.grpc_url}, HTTP {server.http_url}, metrics {server.metrics_url}. "
            "Ctrl-C stops it.",
            file=sys.stderr,
            flush=True,
        )


def _watch(
    server: TritonServer,
    heal: bool,
    ready: threading.Event,
    stopping: threading.Event,
    broken: threading.Event,
) -> None:
    control = server.control if heal else None
    try:
        Healer(ModelProcesses(server.process.pid), control, _say).watch(ready, stopping)
    except ServerError as error:
        if server.process.poll() is None and not stopping.is_set():
            _say(f"{error}\ntritone: ending the server")
            broken.set()


def _say(message: str) -> None:
    print(f"tritone: {message}", file=sys.stderr, flush=True)


def _follow_log(server: TritonServer) -> None:
    follow_log(server.log, sys.stderr.write, ended=lambda: server.process.poll() is not None)


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
        "--graph-threads",
        type=int,
        metavar="N",
        help="threads that all graphs share in Triton's own ONNX Runtime backend (default: half of the cores "
        "without a GPU, else the backend's own)",
    )
    parser.add_argument(
        "--killed-models",
        choices=("reload", "end", "leave"),
        default="reload",
        help="when a model's process was killed: load the model anew, end the server with code 1, or "
        "leave it (default: %(default)s)",
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
        extra=parsed.extra,
        **options,
    )


if __name__ == "__main__":
    sys.exit(main())
