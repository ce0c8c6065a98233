"""The same graphs without a server: ONNX Runtime sessions called directly in one process."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import onnxruntime as ort
from numpy.typing import NDArray

from perf.instruments.clips import Clip
from tritone.concurrency import Network
from tritone.contract import SAMPLE_RATE_HZ
from tritone.model_parameters import Parameters
from tritone.punctuation.loading import load_punctuator
from tritone.recognition.decoder import Choices, Decoder
from tritone.recognition.loading import load_recognizer
from tritone.recognition.parameters import ON, vad_parameter
from tritone.recognition.settings import SearchSettings
from tritone.repository.configs import read_config


@dataclass(frozen=True)
class Arrangement:
    """How a process divides its cores between parallel clips and threads within a clip."""

    workers: int  # clips processed in parallel
    threads: int  # within an operator

    def __str__(self) -> str:
        """Format it for a table."""
        return f"{_counted(self.workers, 'worker')}, {_counted(self.threads, 'thread')} each"


def arrangements(cores: int) -> list[Arrangement]:
    """Return the ways to use all cores without oversubscribing them."""
    return [Arrangement(n, cores // n) for n in range(cores, 0, -1) if cores % n == 0]


def parameters_of(repository: Path, model: str) -> Parameters:
    """Return the parameters of a model's config."""
    return Parameters.of(read_config(repository / model / "config.pbtxt"))


def bind_graph(
    repository: Path, threads: int, model: str, inputs: Sequence[str], outputs: Sequence[str]
) -> Network:
    """Return a function that runs version 1 of a model's graph in this process.

    For a model without a graph, the function raises NotImplementedError.
    """
    path = repository / model / "1/model.onnx"
    if not path.is_file():
        return partial(_not_measured, model)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    parameters = read_config(repository / model / "config.pbtxt").parameters
    options.enable_mem_pattern = parameters["enable_mem_pattern"].string_value != "0"  # as served
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(*arrays: NDArray[Any]) -> Sequence[NDArray[Any]]:
        results: Sequence[NDArray[Any]] = session.run(outputs, dict(zip(inputs, arrays, strict=True)))
        return results

    return run


class BarePipeline:
    """Recogniser, decoder and punctuation of a model repository, called directly.

    Args:
        repository: a model repository with exported graphs in version 1.
        arrangement: how the cores are used.
    """

    def __init__(self, repository: Path, arrangement: Arrangement) -> None:
        self.arrangement = arrangement
        bind = partial(bind_graph, repository, arrangement.threads)
        windows, punctuation = "asr_windows", "punctuation_windows"
        self._recognizer = load_recognizer(
            repository / windows / "1", parameters_of(repository, windows), bind, ahead=False
        )
        self._restorer = load_punctuator(
            repository / punctuation / "1", parameters_of(repository, punctuation), bind, ahead=False
        )
        self._only_speech = vad_parameter(parameters_of(repository, windows)).default == ON
        decoder = "asr_ctc_decoder"
        settings = SearchSettings.of(parameters_of(repository, decoder))
        self._decoder = Decoder.load(repository / decoder / "1/ctc.json", settings)
        self._workers = ThreadPoolExecutor(arrangement.workers)

    def recognise(self, clip: Clip) -> str:
        """Return the punctuated text of one clip."""
        frames = self._recognizer.recognise(clip, only_speech=self._only_speech)
        choices = Choices(self._decoder.default)
        decoded = self._decoder.decode(frames, clip.size / SAMPLE_RATE_HZ, choices)
        return self._restorer.restore(decoded.words.transcript)

    def recognise_all(self, clips: Sequence[Clip]) -> list[str]:
        """Return the texts of many clips, processed by all workers."""
        return list(self._workers.map(self.recognise, clips))


def _not_measured(model: str, *_: NDArray[Any]) -> Sequence[NDArray[Any]]:
    raise NotImplementedError(f"{model}: expected a model with a graph; this one is not measured")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
