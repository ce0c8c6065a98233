"""What does export gain? A family's graph against NeMo's own network, both in-process."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime as ort

from export.comparison import Comparison, Work
from export.family import Family
from perf.bench.effort import Effort
from perf.bench.nemo_process import NemoProcess, nemo_process
from perf.bench.results import Result, Row, Target
from perf.instruments.errors import SetupError
from perf.instruments.model_sizes import Size
from perf.instruments.timing import interleaved, ratio, spread
from tritone.onnx_backend.settings import available_cores


def measure(family: type[Family], size: Size, effort: Effort) -> Result:
    """Compare a family's graph with NeMo on the work that the family defines."""
    comparison = family.comparison
    if comparison is None:
        raise SetupError(
            f"{family.name}: expected a family with a comparison, got one without; choose another benchmark."
        )
    work = comparison.work(size.repository, round(comparison.amount * effort.network_share))
    options = ort.SessionOptions()
    options.intra_op_num_threads = available_cores()
    options.inter_op_num_threads = 1
    path = size.repository / comparison.model / "1/model.onnx"
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    with tempfile.TemporaryDirectory() as folder:
        inputs_file = Path(folder) / "inputs.npz"
        np.savez(inputs_file, **work.inputs)
        arguments = (family.name, size.checkpoint(family.role), inputs_file)
        with nemo_process(*arguments) as nemo:
            contenders = {}
            for batch_size in comparison.batch_sizes:
                contenders[f"graph {batch_size}"] = partial(_graph, session, comparison, work, batch_size)
                contenders[f"NeMo {batch_size}"] = partial(_nemo, nemo, work, batch_size)
            rates = interleaved(contenders, effort.rounds)
    rows, remarks, target = [], [], Target(comparison.at_least, at_least=True)
    for batch_size in comparison.batch_sizes:
        graph, other = rates[f"graph {batch_size}"], rates[f"NeMo {batch_size}"]
        low, high = spread(graph, other)
        rows.append(
            Row(
                f"{family.name} graph against NeMo, batch {batch_size}, {size.name} size",
                f"{graph.median:.0f} {work.unit}/s",
                f"{other.median:.0f} {work.unit}/s",
                ratio(graph, other),
                target=target if batch_size == comparison.batch_sizes[0] else None,
            )
        )
        remarks.append(
            f"{family.name} graph, batch {batch_size}, {size.name} size: {work.described}, "
            f"{available_cores()} threads each, {effort.rounds} rounds; ratio of single rounds {low:.2f} to "
            f"{high:.2f}."
        )
    per_s = {name: rate.per_round for name, rate in rates.items()}
    return Result(f"{family.name} {size.name}", rows, remarks, {f"{work.unit}_per_s": per_s})


def _graph(session: ort.InferenceSession, comparison: Comparison, work: Work, batch_size: int) -> int:
    feed = {name: array[:batch_size] for name, array in work.inputs.items()}
    result, length = session.run(comparison.outputs, feed)
    if work.unit == "frames" and (result.shape[-1] < work.amount or np.any(length != result.shape[-1])):
        raise SetupError(
            f"{comparison.model}: expected {work.amount} frames in each row, got lengths "
            f"{length[:, 0].tolist()}; it stopped early; measure with other weights."
        )
    return batch_size * work.amount


def _nemo(nemo: NemoProcess, work: Work, batch_size: int) -> int:
    frames = nemo.ask(batch_size)
    if work.unit == "frames" and frames != work.amount:
        raise SetupError(
            f"NeMo: expected {work.amount} frames in each row, got {frames}; measure with other weights."
        )
    return batch_size * work.amount
