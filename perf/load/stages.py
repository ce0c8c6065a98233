"""Real inputs for every model: recordings and texts are sent through all that comes before it.

Where a model of the server calls another one itself, the same library code calls the other one from here,
with the parameters that the server is configured with, and what it sends is written down on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perf.load.connection import Connection
from perf.load.errors import LoadTestError
from perf.load.sources import Sources
from tritone.punctuation.restoration import Labels, PunctuationRestorer
from tritone.punctuation.windows import WindowTokenizer
from tritone.python_backend.configuration import Parameters
from tritone.recognition.windows import AcousticFrames, WindowedRecognizer
from tritone.synthesis.limits import StepLimit
from tritone.synthesis.parameters import SynthesisParameters
from tritone.synthesis.spectrograms import SpectrogramDecoder
from tritone.synthesis.speech import SpeechSynthesizer
from tritone.synthesis.utterances import read_utterances
from tritone.synthesis.vocoding import Vocoder
from tritone.synthesis.voice import Voice

SEED = 1  # of the speech that inputs are made from
STRENGTH = 0.1  # of the denoiser
Row = dict[str, NDArray[Any]]  # tensors by name, without the batch dimension
Rows = list[Row]  # of every recording or text


class Stages:
    """What goes from model to model for some recordings and texts, each stage computed once.

    Args:
        connection: the server.
        sources: recordings and texts.
        repository: the models as they are served: sidecar files are read from there.
    """

    def __init__(self, connection: Connection, sources: Sources, repository: Path) -> None:
        self._connection = connection
        self._sources = sources
        self._repository = repository

    @cached_property
    def files(self) -> Rows:
        """Every recording's file, as audio_bytes."""
        return [{"audio_bytes": _bytes(path.read_bytes())} for path in self._sources.recordings]

    @cached_property
    def audio(self) -> Rows:
        """Samples of every recording."""
        rows = []
        for path, row in zip(self._sources.recordings, self.files, strict=True):
            try:
                decoded = self._call("audio_decoder", row)
            except LoadTestError as error:  # which of many it was
                raise LoadTestError(f"{path.name}: {error}") from error
            rows.append({name: decoded[name] for name in ("audio", "audio_length")})
        return rows

    @cached_property
    def windows(self) -> tuple[Rows, Rows]:
        """What asr_windows sends to asr_features and to asr_quartznet, window by window."""
        to_features: Rows = []
        to_network: Rows = []

        def acoustics(samples: NDArray[np.float32]) -> NDArray[np.float32]:
            sent: Row = {"audio": samples, "audio_length": np.array([samples.size], np.int64)}
            features = self._call("asr_features", sent)
            to_features.append(sent)
            to_network.append(features)
            heard = self._call("asr_quartznet", features)
            return heard["log_probs"][: heard["log_probs_length"][0]]

        parameters = self._parameters("asr_windows")
        frames = AcousticFrames.load(self._folder("asr_windows") / "windows.json")
        lengths_s = parameters.number("window_s"), parameters.number("overlap_s")
        recognizer = WindowedRecognizer(frames, acoustics, *lengths_s)
        for row in self.audio:
            recognizer.log_probs(row["audio"])
        return to_features, to_network

    @cached_property
    def log_probs(self) -> Rows:
        """What asr_ctc_decoder gets of every recording."""
        return [self._call("asr_windows", row) | {"audio_length": row["audio_length"]} for row in self.audio]

    @cached_property
    def transcripts(self) -> Rows:
        """What was recognised in every recording; those without a word are left out."""
        found = [{"transcript": self._call("asr_ctc_decoder", row)["transcript"]} for row in self.log_probs]
        spoken = [row for row in found if row["transcript"][0].strip()]
        if not spoken:
            raise LoadTestError(
                "recordings: expected speech, the server recognised no word in any; name others with "
                "--recordings."
            )
        return spoken

    @cached_property
    def token_windows(self) -> Rows:
        """What punctuation_windows sends to punctuation_bert, row by row."""
        sent: Rows = []

        def model(batch: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Any:
            input_ids, attention_mask = batch
            tensors = {"input_ids": input_ids, "attention_mask": attention_mask}
            sent.extend(_rows(tensors))
            logits = self._connection.infer("punctuation_bert", tensors)
            return logits["punct_logits"], logits["capit_logits"]

        folder = self._folder("punctuation_windows")
        tokenizer, labels = WindowTokenizer.load(folder), Labels.load(folder / "punctuation.json")
        per_batch = self._parameters("punctuation_windows").count("windows_per_batch")
        restorer = PunctuationRestorer(tokenizer, labels, model, per_batch)
        for row in self.transcripts:
            restorer.restore(row["transcript"][0].decode("utf-8"))
        return sent

    @cached_property
    def texts(self) -> Rows:
        """Every text."""
        return [{"text": _bytes(text.encode("utf-8"))} for text in self._sources.texts]

    @cached_property
    def symbols(self) -> Rows:
        """What tts_utterances gets of every text."""
        answers = (self._call("tts_tokenizer", row) for row in self.texts)
        return [{name: row[name] for name in ("symbols", "symbols_length", "pause_s")} for row in answers]

    @cached_property
    def speech(self) -> Rows:
        """Every text spoken once."""
        return [self._call("tts_utterances", row, {"seed": SEED}) for row in self.symbols]

    @cached_property
    def utterances(self) -> dict[str, list[tuple[Row, Row]]]:
        """What tts_utterances sends to each network, row by row, with the answers."""
        calls: dict[str, list[tuple[Row, Row]]] = {}

        def network(model: str, inputs: tuple[str, ...], *outputs: str) -> Any:
            calls[model] = []

            def call(*tensors: NDArray[Any]) -> list[NDArray[Any]]:
                batch = dict(zip(inputs, tensors, strict=True))
                answer = self._connection.infer(model, batch)
                calls[model] += zip(_rows(batch), _rows(answer), strict=True)
                return [answer[name] for name in outputs]

            return call

        decode = network("tts_tacotron2", ("symbols", "symbols_length", "dropout"), "mel", "mel_length")
        vocode = network("tts_waveglow", ("mel", "mel_length", "z"), "audio")
        denoise = network("tts_denoiser", ("audio", "audio_length", "strength"), "audio")
        parameters, voice = self._parameters("tts_utterances"), self.voice
        limit = StepLimit(parameters.number("base_s"), parameters.number("longest_symbol_s"))
        synthesizer = SpeechSynthesizer(
            SpectrogramDecoder(voice, decode, limit, parameters.count("symbols_bucket")),
            Vocoder(voice, vocode, denoise, parameters.count("frames_bucket")),
            parameters.count("utterances_per_batch"),
        )
        wanted = SynthesisParameters(voice.sigma, SEED, denoise=STRENGTH)
        for row in self.symbols:
            synthesizer.speak(
                read_utterances(**{name: array[np.newaxis] for name, array in row.items()}), wanted
            )
        return calls

    @cached_property
    def voice(self) -> Voice:
        """What the served checkpoints decide."""
        folder = self._folder("tts_utterances")
        return Voice.load(folder / "tacotron2.json", folder / "waveglow.json")

    def _call(self, model: str, row: Row, parameters: Mapping[str, Any] | None = None) -> Row:
        """Send one row, return the row of every output."""
        batch = {name: array[np.newaxis] for name, array in row.items()}
        answer = self._connection.infer(model, batch, parameters)
        return {name: array[0] for name, array in answer.items()}

    def _parameters(self, model: str) -> Parameters:
        return Parameters(self._connection.parameters(model))

    def _folder(self, model: str) -> Path:
        folder = self._repository / model / str(self._connection.models().get(model, 1))
        if not folder.is_dir():
            raise LoadTestError(
                f"{folder}: expected the version of {model} that is served, found none; name the repository "
                "that the server serves with --repository."
            )
        return folder


def _rows(batch: Row) -> Iterator[Row]:
    count = len(next(iter(batch.values())))
    yield from ({name: array[index] for name, array in batch.items()} for index in range(count))


def _bytes(content: bytes) -> NDArray[Any]:
    return np.array([content], dtype=object)
