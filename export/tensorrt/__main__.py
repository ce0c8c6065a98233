"""`python -m export.tensorrt`: TensorRT engines from the graphs of a repository, verified and installed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from export.errors import DeviceError, EngineError, ExportError, InstallError
from export.families import engine_models, engine_named
from export.tensorrt import variants
from export.tensorrt.cuda import Cuda
from export.tensorrt.library import SERVER, find_device, load_tensorrt
from export.tensorrt.making import Graphs, Workshop, leave_to_runtime, make, without_engine
from export.tensorrt.models import EngineModel
from export.tensorrt.plan import MISSING, Task, prepared, task_of
from export.tensorrt.record import BuildOptions, Device
from export.tensorrt.repository import Repository
from export.tensorrt.samples import samples_of
from export.tensorrt.simulation import session, simulated
from export.tensorrt.store import Store, installed
from export.tensorrt.verification import compare
from export.verification import table

DEFAULT_CACHE = Path(".cache/engines")
EPILOGUE = (
    "Exit code: 0 all models are served by engines of their graphs (with --allow-fallback: or by ONNX "
    "Runtime); 1 a model has none; 2 wrong use, or TensorRT, CUDA or a GPU is missing or not the server's."
)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    names = ", ".join(model.name for model in engine_models())
    made = argparse.ArgumentParser(prog="python -m export.tensorrt", description=__doc__, epilog=EPILOGUE)
    made.add_argument(
        "--repository", type=Path, default=Path("model_repository"), help="default: %(default)s"
    )
    made.add_argument("--version", type=int, help="version folder, default: those that the configs serve")
    made.add_argument("--models", nargs="+", default=(), metavar="MODEL", help=f"of {names}; default: all")
    made.add_argument(
        "--cache",
        type=Path,
        default=DEFAULT_CACHE,
        help="folder that keeps plans over releases, default: %(default)s",
    )
    made.add_argument("--force", action="store_true", help="build even what has not changed")
    made.add_argument(
        "--allow-fallback",
        action="store_true",
        help="end with 0 where ONNX Runtime serves a model for lack of an engine",
    )
    mode = made.add_mutually_exclusive_group()
    mode.add_argument("--dry-run", action="store_true", help="print what would be done; needs no GPU")
    mode.add_argument(
        "--simulate",
        action="store_true",
        help="compare graphs with the engines' rounding on the CPU; needs no GPU",
    )
    made.add_argument(
        "--tensorrt-version",
        default=SERVER,
        metavar="VERSION",
        help="that the server has, default: %(default)s",
    )
    options = BuildOptions()
    made.add_argument("--workspace-mib", type=int, default=options.workspace_mib, help="default: %(default)s")
    made.add_argument(
        "--optimization-level",
        type=int,
        default=options.optimization_level,
        choices=range(6),
        help="how long TensorRT looks for faster kernels, default: %(default)s",
    )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Make engines; see the epilogue for the exit code."""
    given = parser().parse_args(arguments)
    repository = Repository(given.repository, given.version or 1)
    options = BuildOptions(given.workspace_mib, given.optimization_level)
    store = Store(given.cache)
    try:
        models = [engine_named(name) for name in given.models or default_names(repository)]
        if given.simulate:
            return simulate(models, repository, given)
        if given.dry_run:
            return dry_run(models, repository, store, options, given)
        trt = load_tensorrt(given.tensorrt_version)
        cuda = Cuda()
        device = find_device(trt, cuda)
        store.require_writable()
    except (EngineError, InstallError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{device}, driver {device.driver}")
    workshop = Workshop(trt, cuda, device, options, repository, store)
    results = [make_or_fall_back(model, workshop, given) for model in models]
    return 0 if all(results) or given.allow_fallback else 1


def default_names(repository: Repository) -> list[str]:
    """Every model that engines are made of, and those of further sets that the repository has."""
    names = [model.name for model in engine_models()]
    further = sorted(path.parents[1].name for path in repository.root.glob("*/configs/tensorrt.pbtxt"))
    return names + [name for name in further if name.startswith(tuple(f"{name}_" for name in names))]


def versions_of(model: EngineModel, repository: Repository, given: argparse.Namespace) -> list[Repository]:
    """The repository at each of the versions that engines are wanted for."""
    wanted = [given.version] if given.version else repository.served_versions(model.name)
    return [Repository(repository.root, version) for version in wanted]


def every_version(
    models: Sequence[EngineModel], root: Repository, given: argparse.Namespace
) -> list[tuple[EngineModel, Repository]]:
    """Each model with the repository at each of its versions."""
    return [(model, at) for model in models for at in versions_of(model, root, given)]


def make_or_fall_back(model: EngineModel, workshop: Workshop, given: argparse.Namespace) -> bool:
    """A model's engines, or ONNX Runtime in their place; whether there are engines of the present graphs."""
    try:
        for repository in versions_of(model, workshop.repository, given):
            done = make(task_of(model, repository), replace(workshop, repository=repository), given.force)
            print(f"{model.name}/{repository.version}: {done}", flush=True)
        bring_back(model, workshop)
        return True
    except DeviceError as error:  # of CUDA, which knows of no model
        print(f"{model.name}: {error}", file=sys.stderr)
    except ExportError as error:
        print(error, file=sys.stderr)
    except Exception as error:  # of onnx, onnxruntime or TensorRT: one model's failure is not the others'
        print(f"{model.name}: {type(error).__name__}: {error}", file=sys.stderr)
    try:
        tasks = served_tasks(model, workshop.repository)
        serving = leave_to_runtime(model.name, workshop.repository, tasks, workshop.device)
        print(f"{model.name}: {serving}", flush=True)
    except (ExportError, OSError) as error:
        print(error, file=sys.stderr)
    return False


def bring_back(model: EngineModel, workshop: Workshop) -> None:
    """Have a model that was left to ONNX Runtime served by its engines, if all served versions have one."""
    folder = workshop.repository.root / model.name
    if not variants.fallen_back(folder):
        return
    tasks = served_tasks(model, workshop.repository)
    without = without_engine(model.name, workshop.repository, tasks, workshop.device)
    if not without:
        variants.serve_with_engine(folder)
        return
    names = ", ".join(path.name for path in without)
    print(f"{model.name}: ONNX Runtime still serves it, without an engine is version {names}", flush=True)


def served_tasks(model: EngineModel, repository: Repository) -> list[Task]:
    """The tasks of the served versions that can be read."""
    tasks = []
    for version in repository.served_versions(model.name):
        try:
            tasks.append(task_of(model, Repository(repository.root, version)))
        except Exception:  # of onnx too; why was told where its engine was to be made
            continue
    return tasks


def dry_run(
    models: Sequence[EngineModel],
    root: Repository,
    store: Store,
    options: BuildOptions,
    given: argparse.Namespace,
) -> int:
    """Print models, profiles and keys, and whether each engine would be built."""
    device = present_device(given.tensorrt_version)
    print(device or "no GPU here: states are those for the GPU that installed engines were made for")
    for model, repository in every_version(models, root, given):
        task = task_of(model, repository)
        graph, precision = prepared(model, repository)
        half = f"{len(precision.half)} of {len(graph.graph.node)} nodes half"
        print(f"{model.name}/{repository.version}: {model.precision}, {half}")
        print(f"  graph sha256 {task.graph_sha256[:12]}")
        for profile in task.profiles:
            for name, found in profile.inputs.items():
                shapes = " ".join(
                    "x".join(map(str, shape)) for shape in (found.least, found.best, found.most)
                )
                print(f"  profile {profile.name}: {name} {shapes}")
        before = installed(repository.folder(model.name))
        made_for = device or (before.record.device if before else None)
        if made_for is None:
            print("  no engine here")
            continue
        key = task.key(made_for, options)
        state = f"{MISSING} (--force)" if given.force else task.state(repository, store, key)
        print(f"  key {key[:20]} for {made_for}: {state}")
    return 0


def present_device(version: str) -> Device | None:
    """What engines made here would run on, if they can be made here."""
    try:
        trt = load_tensorrt(version)
        return find_device(trt, Cuda())
    except DeviceError as error:
        print(error, file=sys.stderr)
        return None


def simulate(models: Sequence[EngineModel], root: Repository, given: argparse.Namespace) -> int:
    """Print what the engines' precision costs, as far as a CPU can tell; 1 where it is too much."""
    passed = True
    for model, repository in every_version(models, root, given):
        graphs = Graphs(repository)
        engine = session(simulated(*prepared(model, repository)))
        samples = samples_of(model, repository, graphs.made_by)
        checks = compare(model, samples, engine, partial(graphs, model.name))
        print(f"{model.name}/{repository.version}: {model.precision}\n{table(checks)}\n", flush=True)
        passed &= all(check.passed for check in checks)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
