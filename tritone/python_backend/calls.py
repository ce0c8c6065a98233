"""Call another model of the same server."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray

from ..backpressure import Backpressure
from ..concurrency import Bind, Network
from ..errors import RETRY_LATER, ModelLostError
from ..model_parameters import Parameters

# The Python backend's messages for a process that was dead, or that died during the request; it has no error
# code for them. The texts are those of Triton 2.51, and of its source in 2026.
_DEAD_PROCESS = re.compile(r"Stub process (?:'[^']*' )?is not healthy\.|Failed to obtain the health mutex\.")
NEWEST = -1  # version of a model
RECOVERY_S = 10.0  # the launcher detects a dead process within 2 s, and then loads the model again
RETRY_PAUSE_S = 0.25  # each attempt that meets a dead process also takes Triton a second


class CallError(Exception):
    """A called model responded with an error, which is passed on unchanged."""

    def __init__(self, error: Any) -> None:
        super().__init__(error.message())
        self.error = error


def is_overload(error: Exception) -> bool:
    """Return whether a called model has refused a request because its queue is full; a retry may succeed.

    The Python backend of Triton 2.51 gives callers the message of an error, and not its code.
    """
    return isinstance(error, CallError) and error.error.message().endswith(RETRY_LATER)


def bind_model(
    name: str, inputs: Sequence[str], outputs: Sequence[str], *, version: int
) -> Callable[..., list[NDArray[Any]]]:
    """Return a function that calls another model of the same server and waits for its outputs.

    The function takes one array per input, batch dimension first, and request parameters as keywords. It
    returns one array per output, in host memory. A call that meets a dead process is repeated, since a
    response depends on nothing but its request.

    Args:
        name: the model.
        inputs: names of its input tensors.
        outputs: names of the wanted output tensors.
        version: of the model; models of one checkpoint call each other in their own version.

    Raises:
        CallError: by the function, if the model responded with an error.
        ModelLostError: by the function, if the model had no living process for RECOVERY_S seconds.
    """

    def call(*arrays: NDArray[Any], **parameters: bool | int | str) -> list[NDArray[Any]]:
        tensors = [pb_utils.Tensor(tensor, array) for tensor, array in zip(inputs, arrays, strict=True)]
        deadline = time.monotonic() + RECOVERY_S
        while True:
            response = pb_utils.InferenceRequest(
                model_name=name,
                model_version=version,
                requested_output_names=list(outputs),
                inputs=tensors,
                preferred_memory=pb_utils.PreferredMemory(pb_utils.TRITONSERVER_MEMORY_CPU),
                parameters=parameters,
            ).exec()
            if not response.has_error():
                break
            if not _DEAD_PROCESS.search(response.error().message()):
                raise CallError(response.error())
            if time.monotonic() > deadline:
                raise ModelLostError(
                    f"{name}: expected a living process within {RECOVERY_S:g} s, got none; retry when the "
                    "model is loaded again, see the server's log."
                )
            time.sleep(RETRY_PAUSE_S)
        return [pb_utils.get_output_tensor_by_name(response, output).as_numpy() for output in outputs]

    return call


def when_admitted(network: Network) -> Network:
    """Return a function that repeats a call that is refused because the model's queue is full.

    For work that has begun: an error would waste what the client already has.
    """

    def call(*arrays: NDArray[Any], **parameters: bool | int | str) -> Sequence[NDArray[Any]]:
        deadline = time.monotonic() + RECOVERY_S
        while True:
            try:
                return network(*arrays, **parameters)
            except CallError as error:
                if not is_overload(error) or time.monotonic() > deadline:
                    raise
            time.sleep(RETRY_PAUSE_S)

    return call


def bind_partners(parameters: Parameters, version: int) -> Bind:
    """Return a function that binds the models that a config names.

    Those of the caller's checkpoint are called in the caller's own version, shared ones in their newest.

    Args:
        parameters: of the caller.
        version: of the caller.
    """

    def bind(name: str, inputs: Sequence[str], outputs: Sequence[str]) -> Network:
        called = NEWEST if name in parameters.shared else version
        return bind_model(name, inputs, outputs, version=called)

    return bind


def backpressure_of(name: str, tensor: str, ahead: int) -> Backpressure:
    """Return the back-pressure of the model that takes this one's responses.

    Args:
        name: the next model, which starts requests in the order in which they arrive.
        tensor: its text input; an empty text passes through it at once.
        ahead: requests that may be outstanding without a probe.
    """

    def probe() -> None:
        # An error counts as an answer: a model that is not loaded must not block this one.
        pb_utils.InferenceRequest(
            model_name=name,
            requested_output_names=[],
            inputs=[pb_utils.Tensor(tensor, np.array([[b""]], dtype=object))],
        ).exec()

    return Backpressure(probe, ahead)
