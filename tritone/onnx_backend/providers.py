"""ONNX Runtime execution providers: the CPU, or the GPU that Triton assigned to an instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnxruntime as ort

from ..errors import ArtifactError

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
# The native backend's numbers for ONNX Runtime's option values.
_OPTION_VALUES = {
    "cudnn_conv_algo_search": {"0": "EXHAUSTIVE", "1": "HEURISTIC", "2": "DEFAULT"},
    "arena_extend_strategy": {"0": "kNextPowerOfTwo", "1": "kSameAsRequested"},
}

Provider = str | tuple[str, dict[str, str]]


def execution_providers(
    config: Mapping[str, Any], kind: str, device: str, available: Iterable[str]
) -> list[Provider]:
    """Return the providers of one instance's session; the first one that takes a node computes it.

    Args:
        config: of the model, as Triton passes it to a backend.
        kind: of the instance: CPU or GPU.
        device: number of the GPU.
        available: the providers of this build of ONNX Runtime.

    Raises:
        ArtifactError: this build cannot use the GPU, or a parameter has an unknown value.
    """
    if kind != "GPU":
        return [CPU]
    available = list(available)
    if CUDA not in available:
        raise ArtifactError(
            f"model '{config['name']}', instance_group: expected an ONNX Runtime with {CUDA} for "
            f"instances on a GPU, got one with {', '.join(available)}; run `make setup GPU=1`, or serve "
            "without CONFIG."
        )
    # CUDA also runs the graphs that the native backend would run with TensorRT: no wheel has both providers.
    options = {"device_id": device, "use_tf32": _accelerator_parameter(config, "use_tf32", "1")}
    for name, words in _OPTION_VALUES.items():
        value = config.get("parameters", {}).get(name, {}).get("string_value")
        if value is None:
            continue
        if value not in words:
            raise ArtifactError(
                f"model '{config['name']}', parameter {name}: expected one of {', '.join(words)}, got "
                f"{value!r}; correct the config."
            )
        options[name] = words[value]
    return [(CUDA, options), CPU]


def open_session(
    graph: Path, options: ort.SessionOptions, config: Mapping[str, Any], kind: str, device: str
) -> ort.InferenceSession:
    """Load a graph for one instance.

    Args:
        graph: the ONNX file.
        options: of the session.
        config: of the model, as Triton passes it to a backend.
        kind: of the instance: CPU or GPU.
        device: number of the GPU.

    Raises:
        ArtifactError: ONNX Runtime cannot use the GPU.
    """
    if kind == "GPU" and hasattr(ort, "preload_dlls"):
        ort.preload_dlls()  # loads CUDA and cuDNN from their wheels
    providers = execution_providers(config, kind, device, ort.get_available_providers())
    session = ort.InferenceSession(graph, options, providers=providers)
    require_used(config, providers, session.get_providers())
    return session


def require_used(config: Mapping[str, Any], wanted: Sequence[Provider], used: Sequence[str]) -> None:
    """Reject a session that silently fell back to the CPU.

    Raises:
        ArtifactError: a wanted provider was not loaded; ONNX Runtime logs the reason.
    """
    names = [provider if isinstance(provider, str) else provider[0] for provider in wanted]
    if missing := [name for name in names if name not in used]:
        raise ArtifactError(
            f"model '{config['name']}': expected {', '.join(missing)}, ONNX Runtime could not load it; check "
            "CUDA, cuDNN and the driver named in its message above."
        )


def _accelerator_parameter(config: Mapping[str, Any], name: str, default: str) -> str:
    accelerators = config.get("optimization", {}).get("execution_accelerators", {})
    parameters = [each.get("parameters", {}) for each in accelerators.get("gpu_execution_accelerator", [])]
    return next((str(found[name]) for found in parameters if name in found), default)
