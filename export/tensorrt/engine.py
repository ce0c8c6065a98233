"""Running an engine on arrays, to verify and to time it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.errors import EngineError
from export.tensorrt.cuda import Cuda
from export.tensorrt.library import message_logger
from export.tensorrt.profiles import Profile, Shape, within

Arrays = Mapping[str, NDArray[Any]]


class Engine:
    """A plan on the GPU, called with named arrays.

    Args:
        trt: the module `tensorrt`.
        cuda: its runtime.
        name: of the model, for messages.
        plan: the serialised engine.
        profiles: that it was built with, in order.

    Raises:
        EngineError: the plan cannot be loaded.
    """

    def __init__(self, trt: Any, cuda: Cuda, name: str, plan: bytes, profiles: Sequence[Profile]):
        self._trt, self._cuda, self._name, self._profiles = trt, cuda, name, profiles
        self._messages: list[str] = []
        self._logger = message_logger(trt, self._messages)
        self._runtime = trt.Runtime(self._logger)
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise EngineError(
                f"{name}: TensorRT does not load the plan: {'; '.join(self._messages) or 'no reason'}."
            )
        self._contexts: dict[int, Any] = {}
        names = [self._engine.get_tensor_name(index) for index in range(self._engine.num_io_tensors)]
        inputs = [name for name in names if self._engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
        self._inputs, self._outputs = inputs, [name for name in names if name not in inputs]

    def __call__(self, arrays: Arrays) -> dict[str, NDArray[Any]]:
        """Run once.

        Raises:
            EngineError: an input is missing or of another type, no profile takes it, or TensorRT fails.
        """
        sent = {name: self._checked(name, arrays) for name in self._inputs}
        context = self._context({name: array.shape for name, array in sent.items()})
        for name, array in sent.items():
            if not context.set_input_shape(name, array.shape):
                raise self._failed(f"input '{name}' of shape {list(array.shape)} is refused")
        missing = context.infer_shapes()
        if missing:
            raise self._failed(f"shapes need {', '.join(missing)}")
        received = {name: self._host(context, name) for name in self._outputs}
        addresses: list[int] = []
        try:
            for name, array in (*sent.items(), *received.items()):
                addresses.append(self._cuda.allocate(array.nbytes))
                if not context.set_tensor_address(name, addresses[-1]):
                    raise self._failed(f"tensor '{name}' cannot be bound")
                if name in sent:
                    self._cuda.upload(array, addresses[-1])
            if not context.execute_async_v3(self._cuda.stream):
                raise self._failed("execution failed")
            for array, address in zip(received.values(), addresses[len(sent) :], strict=True):
                self._cuda.download(address, array)
            self._cuda.synchronize()
        finally:
            for address in addresses:
                self._cuda.free(address)
        return received

    def _checked(self, name: str, arrays: Arrays) -> NDArray[Any]:
        wanted = np.dtype(self._trt.nptype(self._engine.get_tensor_dtype(name)))
        array = arrays.get(name)
        if array is None or array.dtype != wanted:
            raise EngineError(
                f"{self._name}, input '{name}': expected {wanted}, got "
                f"{'nothing' if array is None else array.dtype}; the engine is of another graph."
            )
        return np.ascontiguousarray(array)

    def _context(self, shapes: Mapping[str, Shape]) -> Any:
        """The context of the first profile that takes these shapes."""
        for index, profile in enumerate(self._profiles):
            if all(within(shape, profile.inputs[name]) for name, shape in shapes.items()):
                return self._context_of(index)
        raise EngineError(
            f"{self._name}: expected shapes within a profile, got "
            f"{ {name: list(shape) for name, shape in shapes.items()} }; --dry-run prints the profiles."
        )

    def _context_of(self, index: int) -> Any:
        if index not in self._contexts:
            context = self._engine.create_execution_context()
            if context is None or not context.set_optimization_profile_async(index, self._cuda.stream):
                raise self._failed(f"no execution context for profile {index}")
            self._cuda.synchronize()
            self._contexts[index] = context
        return self._contexts[index]

    def _host(self, context: Any, name: str) -> NDArray[Any]:
        shape = tuple(context.get_tensor_shape(name))
        if any(size < 0 for size in shape):
            raise self._failed(f"output '{name}' has the shape {list(shape)}, which depends on its values")
        return np.empty(shape, self._trt.nptype(self._engine.get_tensor_dtype(name)))

    def _failed(self, what: str) -> EngineError:
        said = f" ({'; '.join(self._messages[-3:])})" if self._messages else ""
        return EngineError(f"{self._name}: {what}{said}.")
