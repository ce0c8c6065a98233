"""What the four tritonclient classes share: method names, and the translation of errors."""

from __future__ import annotations

from typing import Any

from tritone_client.calls import Tensor
from tritone_client.errors import (
    RequestTimeoutError,
    ServerUnavailableError,
    TritoneError,
    plain_message,
    server_error,
)
from tritone_client.questions import (
    Infer,
    ModelConfig,
    ModelMetadata,
    ModelNames,
    ModelReady,
    ModelSuccesses,
    Question,
    ServerLive,
    ServerMetadata,
    ServerReady,
)

_DAY_S = 86_400.0


def start(
    client: Any,
    question: Question,
    timeout_s: float,
    tensor_types: tuple[Any, Any],
    options: dict[str, Any],
    metadata_options: dict[str, Any],
) -> Any:
    """Send a question through one of tritonclient's clients.

    Args:
        client: tritonclient's InferenceServerClient of either protocol, sync or asyncio.
        question: the question.
        timeout_s: seconds after which the caller stops waiting.
        tensor_types: InferInput and InferRequestedOutput of the same protocol.
        options: keyword arguments for every method.
        metadata_options: further keyword arguments for the methods that return metadata.

    Returns:
        The response; with an asyncio client, an awaitable of it.
    """
    match question:
        case Infer(call, queue_s):
            input_type, output_type = tensor_types
            inputs = [_infer_input(input_type, tensor) for tensor in call.inputs]
            outputs = [output_type(name) for name in call.outputs] or None
            # A request that is still queued then need not be computed.
            queue_us = round(1e6 * min(timeout_s if queue_s is None else queue_s, _DAY_S))
            return client.infer(
                call.model,
                inputs,
                outputs=outputs,
                parameters=dict(call.parameters),
                timeout=max(1, queue_us),
                **options,
            )
        case ServerLive():
            return client.is_server_live(**options)
        case ServerReady():
            return client.is_server_ready(**options)
        case ModelReady(model):
            return client.is_model_ready(model, **options)
        case ServerMetadata():
            return client.get_server_metadata(**options, **metadata_options)
        case ModelMetadata(model):
            return client.get_model_metadata(model, **options, **metadata_options)
        case ModelSuccesses(model):
            return client.get_inference_statistics(model, **options, **metadata_options)
        case ModelNames():
            return client.get_inference_statistics(**options, **metadata_options)
        case ModelConfig(model):
            return client.get_model_config(model, **options, **metadata_options)


def answer(question: Question, raw: Any) -> Any:
    """Convert a response of tritonclient to the answer that a flow expects."""
    match question:
        case Infer():
            return raw.as_numpy
        case ModelSuccesses():
            # One entry per version; over gRPC, numbers are strings and zeros are omitted.
            versions = [model.get("inference_stats", {}) for model in raw.get("model_stats", [])]
            return sum(int(version.get("success", {}).get("count", 0)) for version in versions)
        case ModelNames():
            return {model["name"] for model in raw.get("model_stats", [])}
        case ModelConfig():
            return raw.get("config", raw)  # gRPC wraps it
    return raw


def refused(url: str, protocol: str, reason: str) -> ServerUnavailableError:
    """Return the error for an address that does not answer, or refuses every request."""
    return ServerUnavailableError(
        f"{url} is unavailable over {protocol} ({reason}); check that a server runs there with {protocol}.",
        reason,
    )


def timed_out(url: str, timeout_s: float) -> RequestTimeoutError:
    """Return the error for a response that did not arrive in time."""
    return RequestTimeoutError(f"no answer from {url} within {timeout_s:.3g} s; allow more time.")


def rejected(kind: type[TritoneError] | None, status: str, message: str | None) -> TritoneError:
    """Return the error for a request that the server answered with an error."""
    if kind is None:
        return server_error(message, status)
    return kind(plain_message(message))


def _infer_input(input_type: Any, tensor: Tensor) -> Any:
    infer_input = input_type(tensor.name, list(tensor.array.shape), tensor.datatype)
    return infer_input.set_data_from_numpy(tensor.array)
