"""Read requests: input tensors and typed request parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray

from ..errors import CancelledError, InputError, ParameterError
from ..request_parameters import RequestParameter, read_parameters

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Interface:
    """What a model reads of its requests."""

    inputs: Sequence[str]  # names of tensors
    parameters: Sequence[RequestParameter] = ()


@dataclass(frozen=True)
class ModelRequest:
    """One request, read and checked."""

    inputs: Arrays  # batch dimension first
    parameters: Mapping[str, Any]  # the value of every declared parameter
    is_cancelled: Callable[[], bool]  # whether the client has cancelled it or disconnected

    def require_client(self) -> None:
        """Raise CancelledError if no client waits for the response."""
        if self.is_cancelled():
            raise CancelledError("cancelled by the client")


def read_request(request: Any, interface: Interface, is_cancelled: Callable[[], bool]) -> ModelRequest:
    """Read a pb_utils.InferenceRequest; its inputs are views of shared memory.

    Raises:
        InputError: a BYTES tensor does not hold one element per row.
        ParameterError: the parameters are not UTF-8, or one has the wrong type or is out of range.
    """
    return ModelRequest(
        _read_inputs(request, interface.inputs),
        read_parameters(interface.parameters, sent_parameters(request)),
        is_cancelled,
    )


def _read_inputs(request: Any, names: Sequence[str]) -> Arrays:
    """Return the named inputs.

    All models declare BYTES as one element per row. Triton 2.51 counts the elements of a shape in 64 bits, so
    a shape with very many elements passes its own check.
    """
    inputs = {name: pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in names}
    for name, array in inputs.items():
        if array.dtype == object:
            one_each = array.ndim == 2 and array.shape[1] == 1
            if not one_each or not all(isinstance(item, bytes) for item in array[:, 0]):
                raise InputError(
                    f"{name}: expected one element in each row, got shape {list(array.shape)}; send BYTES of "
                    "shape [batch, 1]."
                )
    return inputs


def sent_parameters(request: Any) -> dict[str, Any]:
    """Return the parameters of a pb_utils.InferenceRequest; raise ParameterError if they are not UTF-8."""
    try:
        sent: dict[str, Any] = json.loads(request.parameters() or "{}")
    except ValueError as error:  # includes UnicodeDecodeError: Triton's HTTP endpoint accepts any bytes
        raise ParameterError(
            "parameters: expected names and values in UTF-8, got another encoding; encode them as UTF-8."
        ) from error
    return sent
