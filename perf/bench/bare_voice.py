"""Synthesis without a server: the same tokenizer, graphs and batches in one process, called directly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from google.protobuf.json_format import MessageToJson
from numpy.typing import NDArray

from perf.bench.bare import Arrangement
from tritone.python_backend.configuration import Parameters
from tritone.repository.configs import read_config
from tritone.synthesis.limits import StepLimit
from tritone.synthesis.parameters import SynthesisParameters
from tritone.synthesis.spectrograms import SpectrogramDecoder
from tritone.synthesis.speech import SpeechSynthesizer
from tritone.synthesis.utterances import read_utterances
from tritone.synthesis.vocoding import Vocoder
from tritone.synthesis.voice import Voice
from tritone.text.tokenization import TextLimits, TextTokenizer, stack_texts
from tritone.text.utterances import Pauses

Samples = NDArray[np.float32]
Network = Callable[..., Sequence[NDArray[Any]]]


class BareVoice:
    """Tokenizer, Tacotron 2 and WaveGlow of one model repository, with the settings of its configs.

    Args:
        repository: a model repository with exported graphs in version 1.
        voice: what its checkpoints decide.
        arrangement: how to use the cores.
    """

    def __init__(self, repository: Path, voice: Voice, arrangement: Arrangement) -> None:
        self._sigma = voice.sigma
        self._tokenizer = _tokenizer(repository)
        parameters = _parameters(repository, "tts_utterances")
        limit = StepLimit(parameters.number("base_s"), parameters.number("longest_symbol_s"))
        network = partial(_network, repository, arrangement.threads)
        self._synthesizer = SpeechSynthesizer(
            SpectrogramDecoder(
                voice,
                network("tts_tacotron2", ["symbols", "symbols_length", "dropout"], ["mel", "mel_length"]),
                limit,
                parameters.count("symbols_bucket"),
            ),
            Vocoder(
                voice,
                network("tts_waveglow", ["mel", "mel_length", "z"], ["audio"]),
                _no_denoiser,
                parameters.count("frames_bucket"),
            ),
            parameters.count("utterances_per_batch"),
        )
        self._workers = ThreadPoolExecutor(arrangement.workers)

    def speak(self, text: str, seed: int) -> Samples:
        """Return the samples of one text."""
        tokenized = self._tokenizer.tokenize(text.encode("utf-8"))
        tensors = stack_texts([tokenized], self._tokenizer.pad_id)
        (samples,) = self._synthesizer.speak(
            read_utterances(*tensors), SynthesisParameters(self._sigma, seed)
        )
        return samples

    def speak_all(self, texts: Sequence[str], seed: int) -> list[Samples]:
        """Return the samples of many texts, with all workers."""
        return list(self._workers.map(partial(self.speak, seed=seed), texts))


def _network(
    repository: Path, threads: int, model: str, inputs: Sequence[str], outputs: Sequence[str]
) -> Network:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # as served: every request has other lengths
    path = repository / model / "1/model.onnx"
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(*arrays: NDArray[Any]) -> Sequence[NDArray[Any]]:
        results: Sequence[NDArray[Any]] = session.run(outputs, dict(zip(inputs, arrays, strict=True)))
        return results

    return run


def _tokenizer(repository: Path) -> TextTokenizer:
    parameters = _parameters(repository, "tts_tokenizer")
    kinds = ("sentence", "clause", "cut", "paragraph")
    pauses = Pauses(**{kind: parameters.number(f"{kind}_pause_s") for kind in kinds})
    limits = TextLimits(
        parameters.count("longest_text_characters"),
        parameters.number("longest_speech_s"),
        parameters.number("symbol_s"),
    )
    return TextTokenizer.load(repository / "tts_tokenizer/1", pauses, limits)


def _parameters(repository: Path, model: str) -> Parameters:
    config = read_config(repository / model / "config.pbtxt")
    return Parameters(
        {"model_name": model, "model_config": MessageToJson(config, preserving_proto_field_name=True)}
    )


def _no_denoiser(*_: NDArray[Any]) -> Sequence[NDArray[Any]]:
    raise NotImplementedError("bare synthesis: expected no denoising, it is not measured")
