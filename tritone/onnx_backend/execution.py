"""Run the graph for many requests; requests of equal shape share one call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument

from ..errors import InputError, TritoneError

Tensors = Mapping[str, NDArray[Any]]
Run = Callable[[Tensors], Sequence[NDArray[Any]]]
Outcome = Sequence[NDArray[Any]] | Exception


def run_pooled(requests: Sequence[Tensors], run: Run, max_batch_size: int) -> list[Outcome]:
    """Run every request, pooling equal shapes up to `max_batch_size` rows.

    Args:
        requests: input tensors by name, batch dimension first; with max_batch_size 0 there is no batch
            dimension and every request runs alone.
        run: the graph.
        max_batch_size: largest number of rows per call, 0 for a model without batching.

    Returns:
        One outcome per request, in order: its outputs, or the exception that it raised. If a pooled call
        fails, its requests are run one by one, so that the valid ones succeed.
    """
    outcomes: list[Outcome] = [()] * len(requests)
    for pool in _pools(requests, max_batch_size):
        if len(pool) == 1:
            outcomes[pool[0]] = _attempt(run, requests[pool[0]])
            continue
        rows = [_rows(requests[index]) for index in pool]
        names = requests[pool[0]].keys()
        outputs = _attempt(
            run, {name: np.concatenate([requests[index][name] for index in pool]) for name in names}
        )
        if isinstance(outputs, Exception):
            for index in pool:
                outcomes[index] = _attempt(run, requests[index])
            continue
        borders = np.cumsum(rows)[:-1]
        for index, *parts in zip(pool, *(np.split(output, borders) for output in outputs), strict=True):
            outcomes[index] = parts
    return outcomes


def fault(error: Exception) -> TritoneError:
    """Convert a failure of the graph; ONNX Runtime's message has only shapes and indices, no data."""
    return InputError(str(error)) if isinstance(error, InvalidArgument) else TritoneError(str(error))


def _attempt(run: Run, tensors: Tensors) -> Outcome:
    try:
        return run(tensors)
    except (
        Exception
    ) as error:  # onnxruntime raises many unrelated classes; each belongs to this request alone
        return error


def _rows(tensors: Tensors) -> int:
    return len(next(iter(tensors.values())))


def _pools(requests: Sequence[Tensors], max_batch_size: int) -> list[list[int]]:
    if max_batch_size < 1:
        return [[index] for index in range(len(requests))]
    by_shape: dict[tuple[tuple[int, ...], ...], list[int]] = defaultdict(list)
    for index, tensors in enumerate(requests):
        by_shape[tuple(tensor.shape[1:] for tensor in tensors.values())].append(index)
    pools: list[list[int]] = []
    for indices in by_shape.values():
        pool: list[int] = []
        rows = 0
        for index in indices:
            if pool and rows + _rows(requests[index]) > max_batch_size:
                pools.append(pool)
                pool, rows = [], 0
            pool.append(index)
            rows += _rows(requests[index])
        pools.append(pool)
    return pools
