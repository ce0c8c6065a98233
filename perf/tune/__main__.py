"""`python -m perf.tune`: find better instance and thread counts for this machine than the committed ones.

With --model-analyzer, NVIDIA's Model Analyzer searches batch sizes, queue delays and instance counts instead.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import grpc

from perf.instruments.command_line import command_of, log, positive, small_number, small_numbers, write_text
from perf.instruments.errors import MeasurementError
from perf.instruments.machine import describe
from perf.instruments.server import serving
from perf.tune.candidates import MODELS, pipeline_of, single, uniform
from perf.tune.model_analyzer.command import add_arguments, run
from perf.tune.outcome import Outcome, advised, all_at_once, finalists
from perf.tune.report import markdown, raw
from perf.tune.repository import require_variant
from perf.tune.settings import Setting, grid
from perf.tune.sweep import QUICK, SINGLE, THOROUGH, UNIFORM, CandidateRunner, TuneEffort, sweep
from tritone.errors import TritoneError
from tritone.onnx_backend.settings import available_cores
from tritone.repository.configs import read_config
from tritone.server.options import REPOSITORIES

MOST_REQUESTS = 64  # concurrent, by default: more would only fill the queues


def main(arguments: Sequence[str] | None = None) -> int:
    """Tune; return 0 if everything requested was measured, whatever the figures, else 1."""
    given = _parser().parse_args(arguments)
    given.command = command_of("perf.tune", arguments)
    try:
        for model in given.models:
            pipeline_of(model)
        require_variant(given.model_repository, given.model_config_name)
        return run(given) if given.model_analyzer else _sweep(given)
    except (MeasurementError, TritoneError, OSError) as error:
        print(f"perf.tune: {error}", file=sys.stderr)
    except grpc.RpcError as error:
        print(f"perf.tune: a request failed: {error}", file=sys.stderr)
    return 1


def _sweep(given: argparse.Namespace) -> int:
    cores = available_cores()
    effort = QUICK if given.quick else THOROUGH
    changes = {name: getattr(given, name) for name in ("rounds", "round_s") if getattr(given, name)}
    effort = dataclasses.replace(effort, **changes)
    concurrency = given.concurrency or min(max(4, 2 * cores), MOST_REQUESTS)
    settings = grid(cores, given.instances, given.threads)
    machine = describe()
    committed = _committed(given.model_repository, given.model_config_name, given.models, cores)
    log(f"tune: starting the committed configs on {cores} cores ...")
    with serving(given.model_repository, given.model_config_name) as server:
        runner = CandidateRunner(
            given.model_repository, given.model_config_name, server.grpc_url, concurrency, effort
        )
        outcomes, advice = _stages(runner, given.models, settings, committed, effort)
    print(markdown(outcomes, advice, committed, concurrency, effort.rounds))
    print("\n".join(f"- {name}: {value}" for name, value in machine.items()))
    print(f"- command: `{given.command}`")
    content = {"command": given.command, "machine": machine, "outcomes": raw(outcomes)}
    write_text(given.json, json.dumps(content, indent=1) + "\n")
    return 0


def _stages(
    runner: CandidateRunner,
    models: Sequence[str],
    settings: Sequence[Setting],
    committed: dict[str, Setting],
    effort: TuneEffort,
) -> tuple[list[Outcome], dict[str, Outcome]]:
    makers = {UNIFORM: uniform, SINGLE: single}
    candidates = [
        candidate for stage in effort.stages for candidate in makers[stage](models, settings, committed)
    ]
    outcomes = list(sweep(runner, candidates))
    finals = list(sweep(runner, finalists(outcomes)))
    advice = advised(finals)
    return [*outcomes, *finals, *sweep(runner, all_at_once(advice))], advice


def _committed(
    repository: Path, variant: str | None, models: Sequence[str], cores: int
) -> dict[str, Setting]:
    found = {}
    for model in models:
        chosen = repository / model / f"configs/{variant}.pbtxt"
        path = chosen if variant and chosen.is_file() else repository / model / "config.pbtxt"
        found[model] = Setting.of(read_config(path), cores)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m perf.tune", description=__doc__)
    parser.add_argument(
        "models", nargs="*", default=list(MODELS), metavar="MODEL", help=f"{', '.join(MODELS)}; default: all"
    )
    parser.add_argument("--model-repository", type=Path, default=REPOSITORIES[0], metavar="FOLDER")
    parser.add_argument(
        "--model-config-name", metavar="NAME", help="start from configs/NAME.pbtxt, e.g. int8"
    )
    own = parser.add_argument_group("the sweep on CPU")
    own.add_argument("--quick", action="store_true", help="few candidates, short rounds: a smoke test")
    own.add_argument("--instances", type=small_numbers, metavar="N,N", help="only these instance counts")
    own.add_argument("--threads", type=small_numbers, metavar="N,N", help="only these thread counts")
    own.add_argument(
        "--concurrency",
        type=small_number,
        metavar="N",
        help="concurrent requests (default: 4 to 64)",
    )
    own.add_argument(
        "--rounds", type=small_number, metavar="N", help=f"per candidate (default: {THOROUGH.rounds})"
    )
    own.add_argument(
        "--round-s",
        type=positive,
        metavar="S",
        help=f"approximate length of a round (default: {THOROUGH.round_s:g})",
    )
    own.add_argument("--json", type=Path, metavar="FILE", help="also write all figures")
    add_arguments(parser.add_argument_group("Model Analyzer"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
