"""Call another model of the same server."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray

from ..concurrency import Handover
from ..errors import ModelLostError

# What the Python backend says of a request that met a dead process, or one that died with it: it has no code
# of its own for that. The words are those of Triton 2.51, and of its source in 2026.
_DEAD_PROCESS = re.compile(r"Stub process (?:'[^']*' )?is not healthy\.|Failed to obtain the health mutex\.")
MENDED_S = 10.0  # the launcher finds a dead process within 2 s, and then loads the model
PAUSE_S = 0.25  # between attempts; each that meets a dead process takes Triton a second


class CallError(Exception):
    """A called model answered with an error; it is passed on as it is."""

    def __init__(self, error: Any) -> None:
        super().__init__(error.message())
        self.error = error


def call_model(
    name: str, inputs: Sequence[Any], outputs: Sequence[str], *, version: int
) -> list[NDArray[Any]]:
    """Run one inference on another model and wait for it.

    What meets a dead process is sent again, as an answer depends on its inputs alone: to another process of
    the model, or to a new one.

    Args:
        name: the model.
        inputs: pb_utils.Tensor, batch dimension first.
        outputs: tensors wanted.
        version: of that model; a checkpoint's models call each other in one version, their own.

    Returns:
        The outputs in the order asked for, in host memory.

    Raises:
        CallError: the model answered with an error.
        ModelLostError: none of its processes lived for MENDED_S seconds.
    """
    until = time.monotonic() + MENDED_S
    while True:
        response = pb_utils.InferenceRequest(
            model_name=name,
            model_version=version,
            requested_output_names=list(outputs),
            inputs=list(inputs),
            preferred_memory=pb_utils.PreferredMemory(pb_utils.TRITONSERVER_MEMORY_CPU),
        ).exec()
        if not response.has_error():
            break
        if not _DEAD_PROCESS.search(response.error().message()):
            raise CallError(response.error())
        if time.monotonic() > until:
            raise ModelLostError(
                f"{name}: expected a living process within {MENDED_S:g} s, got none; send this request again "
                "when the model is loaded, the server's log tells."
            )
        time.sleep(PAUSE_S)
    return [pb_utils.get_output_tensor_by_name(response, output).as_numpy() for output in outputs]


def bind_model(
    name: str, inputs: Sequence[str], outputs: Sequence[str], *, version: int
) -> Callable[..., list[NDArray[Any]]]:
    """Return a function that runs one inference on another model: arrays in, arrays out, as named here.

    The function raises CallError like `call_model`.
    """

    def call(*arrays: NDArray[Any]) -> list[NDArray[Any]]:
        tensors = [pb_utils.Tensor(tensor, array) for tensor, array in zip(inputs, arrays, strict=True)]
        return call_model(name, tensors, outputs, version=version)

    return call


def hand_on_to(name: str, tensor: str, ahead: int) -> Handover:
    """Return what bounds the requests that wait for another model, after this one has answered them.

    Args:
        name: the model, which takes requests in the order in which they come.
        tensor: its text input; an empty text goes through it at once.
        ahead: requests that may be handed on without a look at it.
    """

    def reach() -> None:
        # An error is an answer too: a model that is out of service holds up nobody.
        pb_utils.InferenceRequest(
            model_name=name,
            requested_output_names=[],
            inputs=[pb_utils.Tensor(tensor, np.array([[b""]], dtype=object))],
        ).exec()

    return Handover(reach, ahead)
