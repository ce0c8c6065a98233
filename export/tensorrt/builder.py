"""A graph to a serialised engine, by TensorRT's Python API (10.x)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.errors import EngineError
from export.tensorrt.library import message_logger
from export.tensorrt.profiles import Profile
from export.tensorrt.record import BuildOptions
from export.whole_file import write_whole

SHOWN = 12  # messages in an error


@dataclass(frozen=True)
class Built:
    """A new engine."""

    plan: bytes
    warnings: Sequence[str]  # of parser and builder


def build(
    trt: Any, name: str, graph: bytes, profiles: Sequence[Profile], options: BuildOptions, timing: Path
) -> Built:
    """Build an engine.

    The network is strongly typed: every layer computes in the type that the graph gives it. TF32 is off, so
    float32 means float32.

    Args:
        trt: the module `tensorrt`.
        name: of the model, for messages.
        graph: a serialised ONNX model.
        profiles: in the order that Triton's configuration numbers them.
        options: how the builder searches.
        timing: file with the times of kernels, read if there is one and written afterwards.

    Raises:
        EngineError: the parser does not take the graph, or no engine could be made; with TensorRT's reasons.
    """
    messages: list[str] = []
    logger = message_logger(trt, messages)
    builder = trt.Builder(logger)
    network = builder.create_network(creation_flags(trt))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(graph):
        raise EngineError(
            explained(f"{name}: TensorRT's parser does not take the graph", parser_errors(parser))
        )
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, options.workspace_mib << 20)
    config.builder_optimization_level = options.optimization_level
    config.clear_flag(trt.BuilderFlag.TF32)
    for profile in profiles:
        add_profile(builder, config, profile, name)
    cache = config.create_timing_cache(timing.read_bytes() if timing.is_file() else b"")
    # A damaged one, or one of another version or GPU, is refused; what it would have saved is only time.
    if cache is None or not config.set_timing_cache(cache, False):
        config.set_timing_cache(config.create_timing_cache(b""), False)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise EngineError(explained(f"{name}: TensorRT made no engine", messages))
    learnt = config.get_timing_cache()
    if learnt is not None:
        write_whole(timing, bytes(learnt.serialize()))
    return Built(bytes(plan), messages)


def creation_flags(trt: Any) -> int:
    """Flags of a network whose types are the graph's; later versions may have no other kind, and no flag."""
    flag = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def add_profile(builder: Any, config: Any, profile: Profile, name: str) -> None:
    """Add one optimisation profile.

    Raises:
        EngineError: TensorRT finds it inconsistent.
    """
    made = builder.create_optimization_profile()
    for tensor, shapes in profile.inputs.items():
        made.set_shape(tensor, shapes.least, shapes.best, shapes.most)
    if config.add_optimization_profile(made) < 0:
        raise EngineError(
            f"{name}: TensorRT refuses the profile '{profile.name}': {profile.as_dict()['inputs']}."
        )


def parser_errors(parser: Any) -> Iterator[str]:
    """What the parser did not take, node by node."""
    for index in range(parser.num_errors):
        error = parser.get_error(index)
        node = f"node '{error.node_name()}' ({error.node_operator()})" if error.node_operator() else "graph"
        yield f"{node}: {error.desc().strip()}"


def explained(subject: str, reasons: Iterator[str] | Sequence[str]) -> str:
    """A message with TensorRT's reasons, one in a line."""
    found = list(reasons)
    lines = [f"  {reason}" for reason in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"  and {len(found) - SHOWN} more")
    return "\n".join([f"{subject}:", *lines]) if lines else f"{subject}, without a reason."
