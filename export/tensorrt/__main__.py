"""`python -m export.tensorrt`: TensorRT engines from the graphs of a repository, verified and installed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from export.errors import DeviceError, EngineError, ExportError, InstallError
from export.families import engine_models, engine_named
from export.tensorrt import making
from export.tensorrt.builder import use_logging
from export.tensorrt.library import SERVER, find_device, load_tensorrt
from export.tensorrt.making import BuildContext, select_backend
from export.tensorrt.models import EngineModel
from export.tensorrt.record import BuildOptions
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.simulation import simulate_engine
from export.tensorrt.spec import MISSING, EngineSpec
from export.tensorrt.store import Store, installed
from export.verification import table
from tritone.errors import ArtifactError

EPILOGUE = (
    "Exit code: 0 all models are served by engines of their graphs (with --allow-fallback: or by ONNX "
    "Runtime); 1 a model has none; 2 wrong use, or TensorRT, CUDA or a GPU is missing or not the server's."
)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    names = ", ".join(model.name for model in engine_models())
    options = BuildOptions()
    made = argparse.ArgumentParser(prog="python -m export.tensorrt", description=__doc__, epilog=EPILOGUE)
    add = made.add_argument
    add("--repository", type=Path, default=Path("model_repository"), help="default: %(default)s")
    add("--version", type=int, help="version folder, default: those that the configs serve")
    add("--models", nargs="+", default=(), metavar="MODEL", help=f"of {names}; default: all")
    cache_help = "folder that keeps plans between releases, default: %(default)s"
    add("--cache", type=Path, default=Path(".cache/engines"), help=cache_help)
    add("--force", action="store_true", help="build even what has not changed")
    fallback_help = "end with 0 where ONNX Runtime serves a model that has no engine"
    add("--allow-fallback", action="store_true", help=fallback_help)
    mode = made.add_mutually_exclusive_group()
    mode.add_argument("--dry-run", action="store_true", help="print what would be done; needs no GPU")
    simulate_help = "compare graphs with the engines' rounding on the CPU; needs no GPU"
    mode.add_argument("--simulate", action="store_true", help=simulate_help)
    version_help = "version that the server has, default: %(default)s"
    add("--tensorrt-version", default=SERVER, metavar="VERSION", help=version_help)
    add("--workspace-mib", type=int, default=options.workspace_mib, help="default: %(default)s")
    level_help = "how long TensorRT looks for faster kernels, default: %(default)s"
    level = options.optimization_level
    add("--optimization-level", type=int, default=level, choices=range(6), help=level_help)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Make engines; see the epilogue for the exit code."""
    given = parser().parse_args(arguments)
    repository = RepositoryVersion(given.repository, given.version or 1)
    options = BuildOptions(given.workspace_mib, given.optimization_level)
    store = Store(given.cache)
    use_logging()
    try:
        models = [engine_named(name) for name in given.models or default_names(repository.root)]
        if given.simulate:
            return simulate(models, repository, given)
        if given.dry_run:
            return dry_run(models, repository, store, options, given)
        trt = load_tensorrt(given.tensorrt_version)
        device = find_device(trt)
        store.require_writable()
    except (EngineError, InstallError, ArtifactError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{device}, driver {device.driver}")
    context = BuildContext(trt, device, options, store)
    results = [make_or_fall_back(model, repository, context, given) for model in models]
    return 0 if all(results) or given.allow_fallback else 1


def default_names(root: Path) -> list[str]:
    """The models of a repository that engines are built for, those of further sets among them."""
    names = [model.name for model in engine_models()]
    further = sorted(path.parents[1].name for path in root.glob("*/configs/tensorrt.pbtxt"))
    return [name for name in names if (root / name).is_dir()] + [
        name for name in further if name.startswith(tuple(f"{name}_" for name in names))
    ]


def specs(
    model: EngineModel, repository: RepositoryVersion, given: argparse.Namespace
) -> Iterator[EngineSpec]:
    """A model's engines, one for each version that is wanted."""
    for version in [repository] if given.version else repository.served(model.name):
        yield EngineSpec.read(model, version)


def make_or_fall_back(
    model: EngineModel, repository: RepositoryVersion, context: BuildContext, given: argparse.Namespace
) -> bool:
    """Make a model's engines, and select what serves it; whether they are of the present graphs."""
    made = False
    try:
        for spec in specs(model, repository, given):
            done = making.make(spec, context, given.force)
            print(f"{model.name}/{spec.repository.version}: {done}", flush=True)
        made = True
    except (ExportError, ArtifactError) as error:
        subject = "" if model.name in str(error) else f"{model.name}: "
        print(f"{subject}{error}", file=sys.stderr)
    except Exception as error:  # of onnx, onnxruntime or TensorRT: the other models are still to be made
        print(f"{model.name}: {type(error).__name__}: {error}", file=sys.stderr)
    try:
        print(f"{model.name}: {select_backend(model, repository, context.device)}", flush=True)
    except (ExportError, ArtifactError, OSError) as error:
        print(error, file=sys.stderr)
    return made


def dry_run(
    models: Sequence[EngineModel],
    repository: RepositoryVersion,
    store: Store,
    options: BuildOptions,
    given: argparse.Namespace,
) -> int:
    """Print models, profiles and keys, and whether each engine would be built; 1 where one cannot be."""
    try:
        device = find_device(load_tensorrt(given.tensorrt_version))
        print(device)
    except DeviceError as error:
        print(error, file=sys.stderr)
        print("no GPU here: states are those for the GPU that installed engines were built for")
        device = None
    possible = True
    for spec in (spec for model in models for spec in specs(model, repository, given)):
        try:
            half = len(spec.typed_graph()[1].half)
        except EngineError as error:  # one that ONNX Runtime is to serve; the others may have engines
            print(error, file=sys.stderr)
            possible = False
            continue
        print(f"{spec.model.name}/{spec.repository.version}: {spec.model.precision}, {half} nodes half")
        print(f"  graph sha256 {spec.graph_sha256[:12]}")
        for name, profile in spec.profiles.items():
            for tensor, shapes in profile.items():
                print(f"  profile {name}: {tensor}", *("x".join(map(str, shape)) for shape in shapes))
        engine = installed(spec.folder)
        built_for = device or (engine.record.device if engine else None)
        if built_for is None:
            print("  no engine here")
            continue
        key = spec.key(built_for, options)
        state = f"{MISSING} (--force)" if given.force else spec.state(store, key)
        print(f"  key {key[:20]} for {built_for}: {state}")
    return 0 if possible or given.allow_fallback else 1


def simulate(models: Sequence[EngineModel], repository: RepositoryVersion, given: argparse.Namespace) -> int:
    """Print what the engines' precision costs, as far as a CPU can tell; 1 where it is too much."""
    passed = True
    for spec in (spec for model in models for spec in specs(model, repository, given)):
        checks = simulate_engine(spec).checks
        print(f"{spec.model.name}/{spec.repository.version}: {spec.model.precision}")
        print(f"{table(checks)}\n", flush=True)
        passed &= all(check.passed for check in checks)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
