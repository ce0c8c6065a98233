"""A gRPC client that takes and returns plain arrays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import tritonclient.grpc as triton
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException, np_to_triton_dtype
from tritone_client.settings import DEFAULT_TIMEOUT_S

from perf.instruments.errors import MeasurementError

_STATUS_TIMEOUT_S = 10.0  # of questions about the server


class Connection:
    """A client of one server.

    Args:
        url: host:port of its gRPC endpoint.

    Raises:
        MeasurementError: no server is ready there.
    """

    def __init__(self, url: str) -> None:
        self._client = triton.InferenceServerClient(url)
        try:
            ready = self._client.is_server_ready(client_timeout=_STATUS_TIMEOUT_S)
        except InferenceServerException as error:
            raise MeasurementError(
                f"server: expected Triton's gRPC endpoint at {url}, got {_reason(error)}; start one "
                "(`make serve`) or give its address with --url."
            ) from error
        if not ready:
            raise MeasurementError(
                f"server: {url} is not ready: its models are still loading; wait and try again."
            )

    def models(self) -> dict[str, int]:
        """Return the highest served version of every model: the one that answers requests without a version.

        Raises:
            MeasurementError: the server does not answer.
        """
        found: dict[str, int] = {}
        with _asking("server", "its models' statistics"):
            statistics = self._client.get_inference_statistics(client_timeout=_STATUS_TIMEOUT_S)
        for model in statistics.model_stats:
            found[model.name] = max(found.get(model.name, 0), int(model.version))
        return found

    def version(self) -> str:
        """Return the server's version.

        Raises:
            MeasurementError: the server does not answer.
        """
        with _asking("server", "its version"):
            return str(self._client.get_server_metadata(client_timeout=_STATUS_TIMEOUT_S).version)

    def config(self, model: str) -> dict[str, Any]:
        """Return the config that a model is served with.

        Raises:
            MeasurementError: the server does not answer, or does not have the model.
        """
        with _asking(model, "its config"):
            answer = self._client.get_model_config(model, as_json=True, client_timeout=_STATUS_TIMEOUT_S)
        found: dict[str, Any] = answer["config"]
        return found

    def parameters(self, model: str) -> Mapping[str, str]:
        """Return the served config's parameters in the form that `Parameters` reads."""
        entries = self.config(model).get("parameters", {})
        return {"model_name": model, "model_config": json.dumps({"parameters": entries})}

    def infer(
        self, model: str, arrays: Mapping[str, NDArray[Any]], parameters: Mapping[str, Any] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Call a model with arrays (B, ...); return its outputs by name.

        Raises:
            MeasurementError: the model answered with an error.
        """
        inputs = [_tensor(name, array) for name, array in arrays.items()]
        try:
            result = self._client.infer(
                model, inputs, parameters=dict(parameters or {}) or None, client_timeout=DEFAULT_TIMEOUT_S
            )
        except InferenceServerException as error:
            raise MeasurementError(
                f"{model}: expected an answer, got {_reason(error)}; choose inputs that fit the "
                "served models (--repository, --recordings, --texts)."
            ) from error
        return {output.name: result.as_numpy(output.name) for output in result.get_response().outputs}

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _tensor(name: str, array: NDArray[Any]) -> triton.InferInput:
    tensor = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    tensor.set_data_from_numpy(np.ascontiguousarray(array))
    return tensor


@contextmanager
def _asking(subject: str, wanted: str) -> Iterator[None]:
    try:
        yield
    except InferenceServerException as error:
        raise MeasurementError(
            f"{subject}: expected {wanted} within {_STATUS_TIMEOUT_S:g} s, got {_reason(error)}; the "
            "server must have every model that requests are made with."
        ) from error


def _reason(error: InferenceServerException) -> str:
    return f"{error.status() or 'error'}: {error.message()}"
