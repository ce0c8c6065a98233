"""A stand-in for the Python backend API that tritone uses; the real one exists in tritonserver only."""

import sys
import threading
import types
from typing import ClassVar

import numpy as np
import pytest


class TritonError:
    INVALID_ARG, UNAVAILABLE, INTERNAL, CANCELLED = "INVALID_ARG", "UNAVAILABLE", "INTERNAL", "CANCELLED"

    def __init__(self, message, code):
        self._message, self._code = message, code

    def message(self):
        return self._message

    def code(self):
        return self._code


class Tensor:
    def __init__(self, name, array):
        self._name, self._array = name, array

    def name(self):
        return self._name

    def as_numpy(self):
        return self._array


class InferenceResponse:
    def __init__(self, output_tensors=(), error=None):
        self._output_tensors = list(output_tensors)
        self.tensors = {tensor.name(): tensor.as_numpy() for tensor in output_tensors}
        self.error = error

    def output_tensors(self):
        return self._output_tensors

    def has_error(self):
        return self.error is not None


class Logger:
    errors: ClassVar[list[str]] = []

    @classmethod
    def log_error(cls, message):
        cls.errors.append(message)


backend = types.ModuleType("triton_python_backend_utils")
backend.TRITONSERVER_RESPONSE_COMPLETE_FINAL = 1
backend.TritonError, backend.Tensor, backend.Logger = TritonError, Tensor, Logger
backend.InferenceResponse = InferenceResponse
backend.get_input_tensor_by_name = lambda request, name: request.tensors[name]
sys.modules.setdefault(backend.__name__, backend)


class Sender:
    """A response sender that enforces the backend's rules."""

    def __init__(self, request, broken):
        self._request, self._broken = request, broken
        self.answered = threading.Event()
        self.response = None
        self.questions = 0

    def is_cancelled(self):
        assert not self.answered.is_set(), "asked after the answer: tritonserver would read freed memory"
        self.questions += 1
        return self._request.cancelled

    def send(self, response, flags):
        assert flags == backend.TRITONSERVER_RESPONSE_COMPLETE_FINAL
        assert not self.answered.is_set(), "answered twice"
        self.answered.set()
        if self._broken:
            raise RuntimeError("no shared memory left")
        self.response = response


class Request:
    """A request with one BYTES or number input `x`."""

    def __init__(self, x, *, parameters="{}", timeout_us=0, cancelled=False, broken_sender=False):
        self.tensors = {"x": Tensor("x", np.array([[x]]))} if x is not None else {}
        self.cancelled = cancelled
        self._parameters, self._timeout_us = parameters, timeout_us
        self.sender = Sender(self, broken_sender)

    def get_response_sender(self):
        return self.sender

    def requested_output_names(self):
        return ["y"]

    def is_cancelled(self):
        return self.cancelled

    def parameters(self):
        return self._parameters if isinstance(self._parameters, str) else self._parameters.decode()

    def timeout(self):
        return self._timeout_us

    def answer(self):
        """Wait for the answer: ("y", value), or the error's code and message."""
        assert self.sender.answered.wait(10)
        return read(self.sender.response)


def read(response):
    if response.error is not None:
        return response.error.code(), response.error.message()
    return "y", response.tensors["y"].tolist()


@pytest.fixture
def request_of():
    return Request


@pytest.fixture
def answer_of():
    return read


@pytest.fixture
def log():
    """The messages of the server's log."""
    Logger.errors.clear()
    return Logger.errors
