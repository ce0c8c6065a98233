"""ONNX Runtime session options from a model's config, with the native backend's parameter names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import onnxruntime as ort

from ..errors import ArtifactError

# Triton's `optimization.graph.level`; the native backend treats every other value as "all".
_GRAPH_LEVELS = {
    -1: ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    1: ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    2: ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
}


def available_cores() -> int:
    """Return how many cores this process may use (by its CPU affinity)."""
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class SessionSettings:
    """Session settings of one instance."""

    intra_op_threads: int  # within one operator
    inter_op_threads: int  # across operators, in parallel mode only
    parallel: bool  # execution_mode 1
    memory_arena: bool  # enable_mem_arena
    memory_pattern: bool  # enable_mem_pattern
    arena_shrinkage: str  # memory.enable_memory_arena_shrinkage, "" when off
    graph_level: int  # optimization.graph.level

    @classmethod
    def from_config(cls, config: Mapping[str, Any], cores: int | None = None) -> SessionSettings:
        """Read a model's config as Triton passes it to a backend.

        A thread count that is 0 or missing divides the cores among the model's instances; the native backend
        would give each instance all of them.

        Raises:
            ArtifactError: a parameter is not a whole number in its range.
        """
        cores = cores or available_cores()
        share = max(1, cores // instance_count(config))
        return cls(
            intra_op_threads=_number(config, "intra_op_thread_count", 0, 1024) or share,
            inter_op_threads=_number(config, "inter_op_thread_count", 0, 1024) or share,
            parallel=bool(_number(config, "execution_mode", 0, 1)),
            memory_arena=bool(_number(config, "enable_mem_arena", 0, 1, default=1)),
            memory_pattern=bool(_number(config, "enable_mem_pattern", 0, 1, default=1)),
            arena_shrinkage=parameter(config, "memory.enable_memory_arena_shrinkage", ""),
            graph_level=int(config.get("optimization", {}).get("graph", {}).get("level", 0)),
        )

    def session_options(self) -> ort.SessionOptions:
        """Return the options of an ONNX Runtime session."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = self.intra_op_threads
        options.inter_op_num_threads = self.inter_op_threads if self.parallel else 1
        options.execution_mode = (
            ort.ExecutionMode.ORT_PARALLEL if self.parallel else ort.ExecutionMode.ORT_SEQUENTIAL
        )
        options.enable_cpu_mem_arena = self.memory_arena
        options.enable_mem_pattern = self.memory_pattern
        options.graph_optimization_level = _GRAPH_LEVELS.get(
            self.graph_level, ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        )
        # Idle threads that spin would take the cores from the other models of the pipeline.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        return options

    def run_options(self) -> ort.RunOptions:
        """Return the options of every run."""
        options = ort.RunOptions()
        if self.arena_shrinkage:
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", self.arena_shrinkage)
        return options


def instance_count(config: Mapping[str, Any]) -> int:
    """Return the number of instances of the model."""
    return max(1, sum(int(group.get("count", 1)) for group in config.get("instance_group", [])))


def parameter(config: Mapping[str, Any], name: str, default: str) -> str:
    """Return one entry of a config's `parameters`."""
    return str(config.get("parameters", {}).get(name, {}).get("string_value", default))


def _number(config: Mapping[str, Any], name: str, low: int, high: int, default: int = 0) -> int:
    text = parameter(config, name, str(default))
    if not text.lstrip("-").isdigit() or not low <= int(text) <= high:
        raise ArtifactError(
            f"parameter {name}: expected a whole number from {low} to {high}, got {text!r}; "
            "correct config.pbtxt."
        )
    return int(text)
