"""Real inputs for every model: recordings and texts are sent through all models before it.

The inputs of a pipeline's step are the outputs of the steps before it. If a served model calls other models,
the same library code calls them from here, with the served parameters, and the calls are recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perf.instruments.connection import Connection
from perf.instruments.errors import MeasurementError
from perf.instruments.inputs.sources import Sources
from perf.instruments.layout import Layout
from tritone.concurrency import Network
from tritone.contract import SAMPLE_RATE_HZ
from tritone.model_parameters import Parameters
from tritone.orchestrators import loader
from tritone.punctuation.restoration import PunctuationRestorer
from tritone.recognition.parameters import ON, vad_parameter
from tritone.recognition.recogniser import Recognizer
from tritone.recognition.voice_activity import CHUNK_SAMPLES
from tritone.synthesis.parameters import SynthesisParameters
from tritone.synthesis.speech import SpeechSynthesizer
from tritone.synthesis.utterances import read_utterances

FORMATS = ("wav", "flac", "ogg", "mp3", "pcm")  # requested in turn
SEED = 1  # of synthesised speech
STRENGTH = 0.1  # of the denoiser
Row = dict[str, NDArray[Any]]  # tensors by name, without the batch dimension
Rows = list[Row]  # of every recording or text


class Stages:
    """Tensors that go from model to model for some recordings and texts; each stage is computed once.

    Args:
        connection: the server.
        sources: recordings and texts.
        repository: the served models; their configs and sidecar files are read.
    """

    def __init__(self, connection: Connection, sources: Sources, repository: Path) -> None:
        self.layout = Layout.read(repository)
        self._connection = connection
        self._sources = sources
        self._repository = repository
        self._answers: dict[str, Rows] = {}
        self._calls: dict[str, dict[str, list[tuple[Row, float | None]]]] = {}

    @cached_property
    def files(self) -> Rows:
        """The file of every recording, as audio_bytes."""
        return [{"audio_bytes": _bytes(path.read_bytes())} for path in self._sources.recordings]

    @cached_property
    def audio(self) -> Rows:
        """Samples of every recording."""
        rows = []
        for path, row in zip(self._sources.recordings, self.files, strict=True):
            try:
                decoded = self._call("audio_decoder", row)
            except MeasurementError as error:  # name the recording
                raise MeasurementError(f"{path.name}: {error}") from error
            rows.append({name: decoded[name] for name in ("audio", "audio_length")})
        self._answers["audio_decoder"] = rows
        return rows

    @cached_property
    def transcripts(self) -> Rows:
        """The transcript of every recording in which a word was recognised."""
        step, name = self.layout.producer("speech_to_text", "transcript") or ("speech_to_text", "transcript")
        found = [{"transcript": row[name]} for row in self.answers(step)]
        spoken = [row for row in found if row["transcript"][0].strip()]
        if not spoken:
            raise MeasurementError(
                "recordings: expected speech, the server recognised no word in any; name others with "
                "--recordings."
            )
        return spoken

    @cached_property
    def texts(self) -> Rows:
        """Every text."""
        return [{"text": _bytes(text.encode("utf-8"))} for text in self._sources.texts]

    def client_requests(self, pipeline: str) -> Rows:
        """Return the requests that clients send to a pipeline."""
        wanted = self.layout.models[pipeline].inputs.keys()
        if "text" in wanted:
            formats = [{"format": _bytes(name.encode())} for name in FORMATS]
            rows = [text | name for text, name in zip(self.texts, cycle(formats), strict=False)]
        elif "transcript" in wanted:
            rows = self.transcripts
        else:
            rows = self.files if "audio_bytes" in wanted else self.audio
        missing = wanted - rows[0].keys()
        if missing:
            raise MeasurementError(
                f"{pipeline}: expected inputs that recordings or texts give, got {', '.join(missing)}; leave "
                "it out of --models."
            )
        return [{name: row[name] for name in wanted} for row in rows]

    def rows(self, model: str) -> Rows:
        """Return the inputs of a pipeline, or of a step of one, for each recording or text."""
        home = self.layout.home(model)
        if home is None:
            return self.client_requests(model)
        return self._rows_in(*home)

    def _rows_in(self, pipeline: str, index: int) -> Rows:
        """Return the inputs of a pipeline's step."""
        step = self.layout.steps(pipeline)[index]
        columns = {name: self._tensor(pipeline, source) for name, source in step.input_map.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def answers(self, model: str) -> Rows:
        """Return a model's outputs for its rows."""
        if model not in self._answers:
            if model == "audio_decoder":
                return self.audio
            self._answers[model] = [self._call(model, row) for row in self.rows(model)]
        return self._answers[model]

    def seconds(self, model: str) -> list[float]:
        """Return the seconds of audio, in or out, for each row of a pipeline or of a step."""
        home = self.layout.home(model)
        pipeline = model if home is None else home[0]
        if "text" not in self.layout.models[pipeline].inputs:
            return [_length(row) / SAMPLE_RATE_HZ for row in self.audio]
        speaker = next(
            step.model_name
            for step in self.layout.steps(pipeline)
            if "sample_rate_hz" in self.layout.models[step.model_name].outputs
        )
        return [_length(row) / int(row["sample_rate_hz"][0]) for row in self.answers(speaker)]

    def calls(self, caller: str) -> dict[str, list[tuple[Row, float | None]]]:
        """Return the rows that a model sends to each model that it calls, with their seconds of audio."""
        if caller not in self._calls:
            self._calls[caller] = self._recorded(caller)
        return self._calls[caller]

    def _recorded(self, caller: str) -> dict[str, list[tuple[Row, float | None]]]:
        calls: dict[str, list[tuple[Row, float | None]]] = {}
        units: dict[str, float] = {}  # seconds for each unit of some lengths

        def bind(model: str, inputs: Sequence[str], outputs: Sequence[str]) -> Network:
            calls[model] = []

            def call(*tensors: NDArray[Any]) -> list[NDArray[Any]]:
                batch = dict(zip(inputs, tensors, strict=True))
                answer = self._connection.infer(model, batch)
                for sent, received in zip(_rows(batch), _rows(answer), strict=True):
                    lengths = received | sent
                    found = [int(lengths[name][0]) * unit for name, unit in units.items() if name in lengths]
                    if "speech_probability" in received:
                        found = [received["speech_probability"].size * CHUNK_SAMPLES / SAMPLE_RATE_HZ]
                    calls[model].append((sent, found[0] if found else None))
                return [answer[name] for name in outputs]

            return call

        parameters = Parameters(self._connection.parameters(caller))
        load = loader(parameters)
        loaded = load(self._folder(caller), parameters, bind, ahead=False) if load else None
        if isinstance(loaded, Recognizer):
            rate_hz, frame_s = loaded.timing.sample_rate_hz, loaded.timing.frame_s
            only_speech = vad_parameter(parameters).default == ON
            units |= {"audio_length": 1 / rate_hz, "log_probs_length": frame_s}
            for row in self.rows(caller):
                loaded.recognise(row["audio"], only_speech=only_speech)
        elif isinstance(loaded, PunctuationRestorer):
            for row in self.rows(caller):
                loaded.restore(row["transcript"][0].decode("utf-8"))
        elif isinstance(loaded, SpeechSynthesizer):
            rate_hz, hop = loaded.voice.sample_rate_hz, loaded.voice.hop_samples
            units |= {"mel_length": hop / rate_hz, "audio_length": 1 / rate_hz}
            wanted = SynthesisParameters(seed=SEED, denoise=STRENGTH)
            for row in self.rows(caller):
                loaded.speak(read_utterances(**_batch(row)), wanted)
        return calls

    def _tensor(self, pipeline: str, name: str) -> list[NDArray[Any]]:
        """Return one tensor of a pipeline for each of its rows."""
        producer = self.layout.producer(pipeline, name)
        if producer is None:
            return [row[name] for row in self.client_requests(pipeline)]
        model, output = producer
        return [row[output] for row in self._answers_in(pipeline, model)]

    def _answers_in(self, pipeline: str, model: str) -> Rows:
        """Return a step's outputs in a pipeline that may have other rows than its home."""
        steps = [step.model_name for step in self.layout.steps(pipeline)]
        home = self.layout.home(model)
        if model not in steps or home is None or self._source(home[0]) == self._source(pipeline):
            return self.answers(model)
        key = f"{pipeline}/{model}"
        if key not in self._answers:
            rows = self._rows_in(pipeline, steps.index(model))
            self._answers[key] = [self._call(model, row) for row in rows]
        return self._answers[key]

    def _source(self, pipeline: str) -> str:
        """Return what a pipeline's rows are made from."""
        inputs = self.layout.models[pipeline].inputs
        return next((name for name in ("text", "transcript") if name in inputs), "audio")

    def _call(self, model: str, row: Row) -> Row:
        """Send one row; return the row of outputs."""
        seed = {"seed": SEED} if self.layout.draws_noise(model) else {}
        answer = self._connection.infer(model, _batch(row), seed)
        return {name: array[0] for name, array in answer.items()}

    def _folder(self, model: str) -> Path:
        folder = self._repository / model / str(self._connection.models().get(model, 1))
        if not folder.is_dir():
            raise MeasurementError(
                f"{folder}: expected the served version of {model}, found none; name the server's "
                "repository with --repository."
            )
        return folder


def _batch(row: Mapping[str, NDArray[Any]]) -> Row:
    return {name: array[np.newaxis] for name, array in row.items()}


def _rows(batch: Row) -> Iterator[Row]:
    count = len(next(iter(batch.values())))
    yield from ({name: array[index] for name, array in batch.items()} for index in range(count))


def _length(row: Row) -> int:
    return int(row["audio_length"][0])


def _bytes(content: bytes) -> NDArray[Any]:
    return np.array([content], dtype=object)
