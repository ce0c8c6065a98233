"""Engines by Polygraphy: a graph to a serialised plan, and a plan to a runner."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime
from polygraphy.backend.base import BaseRunner
from polygraphy.backend.trt import (
    CreateConfig,
    EngineFromBytes,
    TrtRunner,
    engine_bytes_from_network,
    network_from_onnx_bytes,
)
from polygraphy.exception import PolygraphyException
from polygraphy.logger import G_LOGGER

from export.errors import EngineError
from export.tensorrt.profiles import Profiles
from export.tensorrt.record import BuildOptions

SHOWN = 12  # messages in an error


@dataclass(frozen=True)
class Plan:
    """A new engine."""

    content: bytes
    warnings: list[str]  # of parser and builder


def build_plan(
    trt: Any, name: str, graph: bytes, profiles: Profiles, options: BuildOptions, timing: Path
) -> Plan:
    """Build an engine.

    The network is strongly typed: every layer computes in the type that the graph gives it. TF32 is off, so
    float32 means float32.

    Args:
        trt: the module `tensorrt`.
        name: of the model, for messages.
        graph: a serialised ONNX model.
        profiles: of its inputs.
        options: how the builder searches.
        timing: file with measured times of kernels; read if there is one, and written afterwards.

    Raises:
        EngineError: the parser does not accept the graph, or no engine could be built; with TensorRT's
            messages.
    """
    timing.parent.mkdir(parents=True, exist_ok=True)
    # Later versions may have strongly typed networks only, and no flag.
    typed = hasattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED") or None
    with explained_failures(name) as messages:
        plan = engine_bytes_from_network(
            network_from_onnx_bytes(graph, strongly_typed=typed),
            config=CreateConfig(
                tf32=False,
                profiles=list(profiles.values()),
                memory_pool_limits={trt.MemoryPoolType.WORKSPACE: options.workspace_mib << 20},
                builder_optimization_level=options.optimization_level,
                load_timing_cache=str(timing) if timing.is_file() else None,
            ),
            save_timing_cache=str(timing),
        )
    return Plan(bytes(plan), messages)


def engine_runner(plan: bytes, profile: int) -> BaseRunner:
    """A runner of a plan on the GPU, not yet activated, which uses the profile of an index."""
    return TrtRunner(EngineFromBytes(plan), name="TensorRT", optimization_profile=profile)


@contextmanager
def explained_failures(name: str) -> Iterator[list[str]]:
    """Collect warnings and errors of TensorRT and Polygraphy, which are not printed.

    Raises:
        EngineError: for Polygraphy's errors, with the messages so far.
    """
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(f"{record.levelname.lower()}: {record.getMessage()}")  # type: ignore[method-assign]
    use_logging()
    logger = logging.getLogger("Polygraphy")
    logger.addHandler(handler)
    try:
        yield messages
    except (PolygraphyException, OSError) as error:  # OSError: CUDA's runtime library is missing
        if isinstance(error, OSError) or not messages:  # Polygraphy logs its own errors
            messages.append(str(error))
        reasons = "".join(f"\n  {message}" for message in messages[:SHOWN])
        left_out = f"\n  and {len(messages) - SHOWN} more" if len(messages) > SHOWN else ""
        raise EngineError(f"{name}: TensorRT failed:{reasons}{left_out}") from error
    finally:
        logger.removeHandler(handler)


def use_logging() -> None:
    """Send Polygraphy's warnings and errors to Python's logging, and hold back ONNX Runtime's advice."""
    onnxruntime.set_default_logger_severity(3)
    G_LOGGER.use_python_logging_system = True
    G_LOGGER.colors = G_LOGGER.letter = False
    G_LOGGER.module_severity = G_LOGGER.WARNING
    G_LOGGER.once_logged.clear()
