"""What does exporting gain? The graphs of synthesis against NeMo's own networks, both in-process."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from perf.bench.effort import Effort
from perf.bench.graphs import GraphsError, Size
from perf.bench.nemo_process import NemoProcess, nemo_process
from perf.bench.results import Result, Row, Target
from perf.bench.timing import interleaved, ratio, spread
from tritone.onnx_backend.settings import available_cores
from tritone.synthesis.voice import Voice

SYMBOLS = 200  # a gate of random weights (perf/synthesis_checkpoints.py) never fires past about 190
LETTERS = 26  # symbols that every symbol set has
LOG_MEL = -5.0  # about the mean of speech


@dataclass(frozen=True)
class Network:
    """One graph, and how it is measured."""

    name: str  # of the checkpoint
    model: str  # of the repository
    outputs: tuple[str, str]  # what is asked for: the result and the length of every row
    batch_sizes: tuple[int, ...]  # the first one has the target
    target: Target


@dataclass(frozen=True)
class Work:
    """What both sides compute."""

    inputs: dict[str, NDArray[Any]]  # by name of the graph's inputs, as many rows as the largest batch
    frames: int  # of mel that a row makes, or is made of
    described: str


TACOTRON2 = Network("tacotron2", "tts_tacotron2", ("mel", "mel_length"), (1, 4), Target(3.0, at_least=True))
WAVEGLOW = Network("waveglow", "tts_waveglow", ("audio", "audio_length"), (1,), Target(1.3, at_least=True))


def measure_tacotron2(size: Size, effort: Effort) -> Result:
    """Compare a fixed number of decoder steps, with encoder and postnet."""
    return _measure(TACOTRON2, size, effort, tacotron2_work(size.voice(), effort.decoder_steps))


def measure_waveglow(size: Size, effort: Effort) -> Result:
    """Compare the vocoder on a spectrogram of noise; what is in it does not change the time."""
    return _measure(WAVEGLOW, size, effort, waveglow_work(size.voice(), effort.vocoder_frames))


def tacotron2_work(voice: Voice, steps: int) -> Work:
    """Return symbols that never come to an end, and which prenet units to keep at each step."""
    generator, rows = np.random.default_rng(0), max(TACOTRON2.batch_sizes)
    units = (rows, steps, voice.prenet_layers, voice.prenet_units)
    inputs: dict[str, NDArray[Any]] = {
        "symbols": generator.integers(1, LETTERS, (rows, SYMBOLS)),
        "symbols_length": np.full((rows, 1), SYMBOLS, np.int64),
        "dropout": generator.integers(0, 2, units).astype(np.float32),
    }
    return Work(inputs, steps * voice.frames_per_step, f"{SYMBOLS} symbols, {steps} steps")


def waveglow_work(voice: Voice, frames: int) -> Work:
    """Return a spectrogram of noise, and the noise to make samples of."""
    generator, rows = np.random.default_rng(0), max(WAVEGLOW.batch_sizes)
    latent = (rows, voice.groups, voice.latent_columns(frames))
    inputs: dict[str, NDArray[Any]] = {
        "mel": generator.normal(LOG_MEL, 1, (rows, voice.mels, frames)).astype(np.float32),
        "mel_length": np.full((rows, 1), frames, np.int64),
        "z": generator.standard_normal(latent, dtype=np.float32),
    }
    return Work(inputs, frames, f"{frames} frames")


def _measure(network: Network, size: Size, effort: Effort, work: Work) -> Result:
    options = ort.SessionOptions()
    options.intra_op_num_threads = available_cores()
    options.inter_op_num_threads = 1
    path = size.repository / network.model / "1/model.onnx"
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    with tempfile.TemporaryDirectory() as folder:
        inputs_file = Path(folder) / "inputs.npz"
        np.savez(inputs_file, **work.inputs)
        arguments = (network.name, size.checkpoint(network.name), inputs_file)
        with nemo_process("perf.bench.network_worker", *arguments) as nemo:
            contenders = {}
            for batch_size in network.batch_sizes:
                contenders[f"graph {batch_size}"] = partial(_graph, session, network, work, batch_size)
                contenders[f"NeMo {batch_size}"] = partial(_nemo, nemo, work, batch_size)
            rates = interleaved(contenders, effort.rounds)
    rows, remarks = [], []
    for batch_size in network.batch_sizes:
        graph, other = rates[f"graph {batch_size}"], rates[f"NeMo {batch_size}"]
        low, high = spread(graph, other)
        rows.append(
            Row(
                f"{network.name} graph against NeMo, batch {batch_size}, {size.name} size",
                f"{graph.median:.0f} frames/s",
                f"{other.median:.0f} frames/s",
                ratio(graph, other),
                target=network.target if batch_size == network.batch_sizes[0] else None,
            )
        )
        remarks.append(
            f"{network.name} graph, batch {batch_size}, {size.name} size: {work.described}, "
            f"{available_cores()} threads each, {effort.rounds} rounds; ratio of single rounds {low:.2f} to "
            f"{high:.2f}."
        )
    frames_per_s = {name: rate.per_round for name, rate in rates.items()}
    return Result(f"{network.name} {size.name}", rows, remarks, {"frames_per_s": frames_per_s})


def _graph(session: ort.InferenceSession, network: Network, work: Work, batch_size: int) -> int:
    feed = {name: array[:batch_size] for name, array in work.inputs.items()}
    result, length = session.run(network.outputs, feed)
    if result.shape[-1] < work.frames or np.any(length != result.shape[-1]):
        raise GraphsError(
            f"{network.model}: expected {work.frames} frames in each row, got lengths "
            f"{length[:, 0].tolist()}; it ended early, measure with other weights."
        )
    return batch_size * work.frames


def _nemo(nemo: NemoProcess, work: Work, batch_size: int) -> int:
    frames = nemo.ask(batch_size)
    if frames != work.frames:
        raise GraphsError(
            f"NeMo: expected {work.frames} frames in each row, got {frames}; measure with other weights."
        )
    return batch_size * work.frames
