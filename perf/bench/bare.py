"""The same graphs without a server: ONNX Runtime sessions in one process, as fast as they go."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from perf.bench.clips import Clip
from tritone.contract import SAMPLE_RATE_HZ
from tritone.punctuation.restoration import Labels, Logits, PunctuationRestorer
from tritone.punctuation.windows import WindowTokenizer
from tritone.recognition.ctc import CtcDecoder


@dataclass(frozen=True)
class Arrangement:
    """How a process shares its cores among clips and within one clip."""

    workers: int  # clips at a time
    threads: int  # of every operator

    def __str__(self) -> str:
        """As a table shows it."""
        return f"{_counted(self.workers, 'worker')}, {_counted(self.threads, 'thread')} each"


def arrangements(cores: int) -> list[Arrangement]:
    """Return the ways to use all cores without waiting for each other."""
    return [Arrangement(n, cores // n) for n in range(cores, 0, -1) if cores % n == 0]


class BarePipeline:
    """features, acoustic model, greedy decoder and punctuation of one model repository, called directly.

    Args:
        repository: a model repository with exported graphs in version 1.
        arrangement: how to use the cores.
    """

    def __init__(self, repository: Path, arrangement: Arrangement) -> None:
        self.arrangement = arrangement
        options = ort.SessionOptions()
        options.intra_op_num_threads = arrangement.threads
        options.inter_op_num_threads = 1

        def session(model: str) -> ort.InferenceSession:
            return ort.InferenceSession(
                repository / model / "1/model.onnx", options, providers=["CPUExecutionProvider"]
            )

        self._features = session("asr_features")
        self._acoustics = session("asr_quartznet")
        self._bert = session("punctuation_bert")
        self._decoder = CtcDecoder.load(repository / "asr_ctc_decoder/1/ctc.json")
        punctuation = repository / "punctuation_windows/1"
        labels = Labels.load(punctuation / "punctuation.json")
        self._restorer = PunctuationRestorer(WindowTokenizer.load(punctuation), labels, self._punctuate)
        self._workers = ThreadPoolExecutor(arrangement.workers)

    def recognise(self, clip: Clip) -> str:
        """Return the punctuated text of one clip."""
        audio_length = np.array([[clip.size]], np.int64)
        features, features_length = self._features.run(
            ["features", "features_length"], {"audio": clip[np.newaxis], "audio_length": audio_length}
        )
        log_probs, frames = self._acoustics.run(
            ["log_probs", "log_probs_length"], {"features": features, "features_length": features_length}
        )
        words = self._decoder.decode(log_probs[0, : frames[0, 0]], clip.size / SAMPLE_RATE_HZ)
        return self._restorer.restore(words.transcript)

    def recognise_all(self, clips: Sequence[Clip]) -> list[str]:
        """Return the texts of many clips, with all workers."""
        return list(self._workers.map(self.recognise, clips))

    def _punctuate(self, batch: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Logits:
        feed = dict(zip(("input_ids", "attention_mask"), batch, strict=True))
        punct_logits, capit_logits = self._bert.run(["punct_logits", "capit_logits"], feed)
        return punct_logits, capit_logits


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
