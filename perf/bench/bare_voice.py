"""Synthesis without a server: the same tokenizer, graphs and batches, called directly in one process."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perf.bench.bare import Arrangement, bind_graph, parameters_of
from tritone.synthesis.loading import load_synthesizer
from tritone.synthesis.parameters import SynthesisParameters
from tritone.synthesis.utterances import read_utterances
from tritone.text.loading import load_tokenizer
from tritone.text.tokenization import stack_texts

MODEL, TOKENIZER = "tts_utterances", "tts_tokenizer"
Samples = NDArray[np.float32]


class BareVoice:
    """Tokenizer and networks of a model repository's voice, with the settings of its configs.

    Args:
        repository: a model repository with exported graphs in version 1.
        arrangement: how the cores are used.
    """

    def __init__(self, repository: Path, arrangement: Arrangement) -> None:
        self._tokenizer = load_tokenizer(repository / TOKENIZER / "1", parameters_of(repository, TOKENIZER))
        bind = partial(bind_graph, repository, arrangement.threads)
        parameters = parameters_of(repository, MODEL)
        self._synthesizer = load_synthesizer(repository / MODEL / "1", parameters, bind, ahead=False)
        self._workers = ThreadPoolExecutor(arrangement.workers)

    def speak(self, text: str, seed: int) -> Samples:
        """Return the samples of one text."""
        tokenized = self._tokenizer.tokenize(text.encode("utf-8"))
        tensors = stack_texts([tokenized], self._tokenizer.pad_id)
        (samples,) = self._synthesizer.speak(read_utterances(*tensors), SynthesisParameters(seed=seed))
        return samples

    def speak_all(self, texts: Sequence[str], seed: int) -> list[Samples]:
        """Return the samples of many texts, processed by all workers."""
        return list(self._workers.map(partial(self.speak, seed=seed), texts))
