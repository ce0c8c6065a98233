"""The command-line arguments of `python -m perf.load`."""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from perf.instruments.command_line import whole_number
from perf.instruments.errors import UsageError
from perf.instruments.load_test_results import FILE_NAME
from perf.instruments.paths import RECORDINGS, RESULTS, TEXTS
from perf.instruments.server import Endpoints
from perf.load.plan import FULL, PROTOCOLS, QUICK, Settings, read_concurrencies, read_rates
from tritone.server.options import REPOSITORIES, config_variants


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m perf.load", description="Load-test a server with perf_analyzer and write a report."
    )
    made.add_argument("--quick", action="store_true", help="few loads, short windows: under three minutes")
    inputs = made.add_argument_group("inputs")
    inputs.add_argument(
        "--recordings", type=Path, default=RECORDINGS, metavar="FOLDER", help="default: demo/recordings"
    )
    inputs.add_argument(
        "--texts", type=Path, default=TEXTS, metavar="FILE", help="one text per line; default: bundled"
    )
    inputs.add_argument(
        "--inputs",
        type=whole_number,
        default=40,
        metavar="N",
        help="recordings and texts at most: %(default)s",
    )
    inputs.add_argument("--models", default="", metavar="A,B", help="default: all")
    loads = made.add_argument_group("loads: one list for the two main pipelines, one for all other models")
    loads.add_argument(
        "--concurrency", metavar="LIST", help="concurrent requests, default: 1,2,4,8,16; quick: 1,4"
    )
    loads.add_argument(
        "--rates",
        metavar="LIST",
        help="requests/s, or shares of the best throughput, default: 25%%,50%%,75%%,90%%; quick: 50%%",
    )
    loads.add_argument("--part-concurrency", metavar="LIST", help="default: 1,4; quick: 1")
    loads.add_argument("--part-rates", metavar="LIST", help="default: 50%%; quick: none")
    loads.add_argument("--protocols", default="grpc,http", metavar="LIST", help="default: %(default)s")
    loads.add_argument(
        "--distribution", choices=("constant", "poisson"), help="of the requests of a rate; default: constant"
    )
    loads.add_argument(
        "--window", type=float, metavar="S", help="shortest measurement window; default: 1.5, quick: 0.5"
    )
    loads.add_argument(
        "--stability",
        type=float,
        metavar="PERCENT",
        help="by which windows may differ; default: 10, quick: 30",
    )
    loads.add_argument(
        "--trials", type=int, metavar="N", help="maximum number of windows; default: 6, quick: 3"
    )
    loads.add_argument(
        "--budget", type=float, metavar="S", help="start no load after this time; default: none, quick: 140"
    )
    server = made.add_argument_group("server: started on free ports, unless one is named")
    server.add_argument(
        "--url", metavar="HOST:PORT", help="gRPC endpoint of a running server, e.g. localhost:8001"
    )
    server.add_argument("--http-url", metavar="HOST:PORT", help="default: one port below")
    server.add_argument("--metrics-url", metavar="URL", help="default: one port above, /metrics")
    server.add_argument(
        "--config", metavar="NAME", help="configs/NAME.pbtxt for the started server, e.g. int8"
    )
    server.add_argument(
        "--repository",
        type=Path,
        default=REPOSITORIES[0],
        metavar="FOLDER",
        help="the served models; default: model_repository",
    )
    out = made.add_argument_group("results")
    out.add_argument("--output", type=Path, metavar="FOLDER", help="default: perf/results/TIME")
    out.add_argument("--replace", action="store_true", help="overwrite an earlier load test in that folder")
    out.add_argument("--keep-inputs", action="store_true", help="keep the --input-data files too")
    out.add_argument(
        "--alternative",
        action=argparse.BooleanOptionalAction,
        help="compare with NeMo behind FastAPI; default: yes, except with --quick or --url",
    )
    out.add_argument(
        "--perf-analyzer", type=Path, metavar="PATH", help="default: the one in tritonclient's wheel"
    )
    return made


def read_settings(given: argparse.Namespace) -> Settings:
    """Return what to measure and for how long.

    Raises:
        UsageError: a number or a list is not valid.
    """
    chosen = QUICK if given.quick else FULL
    lists = {
        "concurrencies": (given.concurrency, read_concurrencies),
        "rates": (given.rates, read_rates),
        "part_concurrencies": (given.part_concurrency, read_concurrencies),
        "part_rates": (given.part_rates, read_rates),
    }
    changes: dict[str, Any] = {name: read(text) for name, (text, read) in lists.items() if text is not None}
    numbers = {
        "window_s": given.window,
        "stability_percent": given.stability,
        "trials": given.trials,
        "budget_s": given.budget,
        "distribution": given.distribution,
    }
    for name, number in numbers.items():
        if isinstance(number, int | float) and number <= 0:
            raise UsageError(
                f"--{name.partition('_')[0]}: expected a number above 0, got {number:g}; correct it."
            )
        if number is not None:
            changes[name] = number
    if changes.get("trials", 3) < 3:
        raise UsageError(f"--trials: expected 3 windows or more, got {given.trials}; three are compared.")
    protocols = tuple(dict.fromkeys(given.protocols.split(",")))
    if not set(protocols) <= set(PROTOCOLS):
        raise UsageError(
            f"--protocols: expected some of {', '.join(PROTOCOLS)}, got {given.protocols}; correct it."
        )
    settings = replace(chosen, **changes, protocols=protocols)
    return replace(settings, longest_window_s=max(settings.longest_window_s, settings.window_s))


def read_target(given: argparse.Namespace) -> Endpoints | None:
    """Return the endpoints of the server that --url names, None without it.

    Raises:
        UsageError: options that exclude each other, or an address that is not valid.
    """
    if given.url is None:
        if given.http_url or given.metrics_url:
            raise UsageError("--url: expected it beside --http-url or --metrics-url, got none; add it.")
        return None
    if given.config:
        raise UsageError(
            "--config: expected no variant with --url, since the server is running; leave one of them out."
        )
    host, colon, port = given.url.rpartition(":")
    if not colon or not host or not port.isdigit():
        raise UsageError(f"--url: expected HOST:PORT of the gRPC endpoint, got {given.url}; correct it.")
    metrics = given.metrics_url or f"{host}:{int(port) + 1}/metrics"
    return Endpoints(
        given.url,
        (given.http_url or f"{host}:{int(port) - 1}").removeprefix("http://").rstrip("/"),
        metrics if metrics.startswith("http") else f"http://{metrics}",
    )


def read_repository(folder: Path, variant: str | None) -> Path:
    """Return the absolute path of the repository to serve.

    Raises:
        UsageError: it is not a repository, or no model has the config variant: Triton would silently serve
            config.pbtxt.
    """
    if not any(folder.glob("*/config.pbtxt")):
        raise UsageError(
            f"--repository: expected a folder of models, got {folder}, which has none; name another folder."
        )
    known = config_variants([folder])
    if variant is not None and variant not in known:
        raise UsageError(
            f"--config: expected one of {', '.join(known) or 'none'} in {folder}, got {variant}; leave it "
            "out to serve config.pbtxt."
        )
    return folder.resolve()


def make_folder(output: Path | None, replacing: bool) -> Path:
    """Create the folder for results.

    Raises:
        UsageError: there is something else at this path, or the folder cannot be created.
    """
    folder = output or RESULTS / datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--output: expected a folder, got the file {folder}; choose another path.")
    if folder.is_dir() and any(folder.iterdir()):
        if not replacing:
            raise UsageError(
                f"--output: expected a new folder, {folder} is not empty; choose another one, or "
                "overwrite an earlier load test with --replace."
            )
        if not (folder / FILE_NAME).is_file():
            raise UsageError(
                f"--replace: expected a load test in {folder}, found no {FILE_NAME}; choose another folder."
            )
        for name in ("raw", "inputs"):
            shutil.rmtree(folder / name, ignore_errors=True)
        for path in (*folder.glob("*.png"), *folder.glob("report.*"), folder / FILE_NAME):
            path.unlink()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"--output: expected to create the folder {folder}, got: {error.strerror}; choose another."
        ) from error
    return folder
