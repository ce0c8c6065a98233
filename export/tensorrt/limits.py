"""What configs and checkpoints decide about shapes, read from one model repository."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.errors import EngineError
from export.tensorrt.variants import engine_config
from tritone.contract import MIN_AUDIO_S
from tritone.errors import ArtifactError
from tritone.punctuation.windows import PAD_MULTIPLE
from tritone.repository.configs import ModelFolder, read_config
from tritone.sidecar import read_sidecar
from tritone.synthesis.limits import StepLimit, bucket
from tritone.synthesis.parameters import SPEED
from tritone.synthesis.voice import Voice
from tritone.text.symbols import SymbolSet


@dataclass(frozen=True)
class RecognitionLimits:
    """Shapes of asr_features and asr_quartznet."""

    features_batch: int  # max_batch_size
    network_batch: int
    mels: int  # bands
    sample_rate_hz: int
    hop_samples: int
    bucket_frames: int  # features are padded to a multiple of it
    window_s: float  # the longest stretch that asr_windows sends

    @property
    def shortest_samples(self) -> int:
        """Samples of the shortest recording that asr_windows takes."""
        return max(1, int(MIN_AUDIO_S * self.sample_rate_hz))

    @property
    def longest_samples(self) -> int:
        """Samples of the longest window."""
        return round(self.window_s * self.sample_rate_hz)

    def frames(self, samples: int) -> int:
        """Feature frames of so many samples, padding included."""
        return bucket(samples // self.hop_samples + 1, self.bucket_frames)


@dataclass(frozen=True)
class PunctuationLimits:
    """Shapes of punctuation_bert."""

    batch: int  # max_batch_size
    window_tokens: int  # the longest row, special tokens included, padded
    bucket_tokens: int  # rows are padded to a multiple of it
    windows_per_batch: int  # rows that punctuation_windows sends at once


@dataclass(frozen=True)
class SynthesisLimits:
    """Shapes of tts_tacotron2 and tts_waveglow."""

    decoder_batch: int  # max_batch_size of tts_tacotron2
    vocoder_batch: int  # of tts_waveglow
    symbols_bucket: int  # symbols are padded to a multiple of it
    frames_bucket: int  # frames for the vocoder are padded to a multiple of it
    usual_symbols: int  # of a long utterance in common words, about one for a character
    longest_symbols: int  # of the longest utterance in the words with most symbols for their letters
    slowest_speed: float  # the vocoder gets 1 / this as many frames as the decoder makes
    voice: Voice
    limit: StepLimit

    def steps(self, symbols: int) -> int:
        """Decoder steps that so many symbols get."""
        return self.limit.steps(symbols, self.voice)

    def frames(self, steps: int, speed: float = 1.0) -> int:
        """Frames for the vocoder, padded, of so many steps at some speed."""
        return bucket(math.ceil(steps * self.voice.frames_per_step / speed), self.frames_bucket)


class Repository:
    """A model repository, one version of its models, in the variant that engines are built for."""

    def __init__(self, root: Path, version: int = 1):
        self.root = root
        self.version = version

    def served_versions(self, model: str) -> list[int]:
        """The versions that a model's configuration has Triton serve; this one where it does not say.

        Raises:
            EngineError: there is no configuration.
        """
        return sorted(self.config(model).version_policy.specific.versions) or [self.version]

    def folder(self, model: str) -> Path:
        """The version folder of a model."""
        return self.root / model / str(self.version)

    def graph(self, model: str) -> Path:
        """The graph that an engine is made of."""
        return self.folder(model) / "model.onnx"

    def config(self, model: str) -> Any:
        """A model's configuration: the variant's, else the main one.

        Raises:
            EngineError: there is none, or it is not valid.
        """
        main = self.root / model / "config.pbtxt"
        variant = engine_config(self.root / model)
        path = variant if variant.is_file() else main
        if not path.is_file():
            raise EngineError(f"{main}: expected a model's configuration, found none; give its repository.")
        try:
            return ModelFolder(self.root / model, path, read_config(path)).config
        except ArtifactError as error:
            raise EngineError(str(error)) from error

    def parameter(self, model: str, name: str) -> float:
        """A number among the parameters of a model's configuration.

        Raises:
            EngineError: it is missing or no positive number.
        """
        text = self.config(model).parameters[name].string_value
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not number > 0:
            raise EngineError(
                f"{model}: expected the parameter {name} to be a positive number, got {text!r}; "
                "correct its config.pbtxt."
            )
        return number

    def sidecar(self, model: str, file: str, *names: str) -> list[Any]:
        """Fields of a file that the exporter wrote beside a graph.

        Raises:
            EngineError: no such file or field.
        """
        try:
            return read_sidecar(self.folder(model) / file, *names)
        except ArtifactError as error:
            raise EngineError(str(error)) from error

    def recognition(self) -> RecognitionLimits:
        """Shapes of speech recognition."""
        names = ("mels", "sample_rate_hz", "hop_samples", "bucket_frames")
        mels, rate, hop, size = self.sidecar("asr_features", "features.json", *names)
        return RecognitionLimits(
            features_batch=self.config("asr_features").max_batch_size,
            network_batch=self.config("asr_quartznet").max_batch_size,
            mels=mels,
            sample_rate_hz=rate,
            hop_samples=hop,
            bucket_frames=size,
            window_s=self.parameter("asr_windows", "window_s"),
        )

    def punctuation(self) -> PunctuationLimits:
        """Shapes of punctuation."""
        (tokens,) = self.sidecar("punctuation_windows", "punctuation.json", "max_seq_length")
        return PunctuationLimits(
            batch=self.config("punctuation_bert").max_batch_size,
            window_tokens=bucket(tokens, PAD_MULTIPLE),
            bucket_tokens=PAD_MULTIPLE,
            windows_per_batch=int(self.parameter("punctuation_windows", "windows_per_batch")),
        )

    def synthesis(self) -> SynthesisLimits:
        """Shapes of speech synthesis.

        Raises:
            EngineError: a file or field is missing, or the two halves of the voice do not belong together.
        """
        folder = self.folder("tts_utterances")
        try:
            voice = Voice.load(folder / "tacotron2.json", folder / "waveglow.json")
        except ArtifactError as error:
            raise EngineError(str(error)) from error
        symbols_bucket = int(self.parameter("tts_utterances", "symbols_bucket"))
        symbols = symbols_of(self)
        return SynthesisLimits(
            decoder_batch=self.config("tts_tacotron2").max_batch_size,
            vocoder_batch=self.config("tts_waveglow").max_batch_size,
            symbols_bucket=symbols_bucket,
            frames_bucket=int(self.parameter("tts_utterances", "frames_bucket")),
            usual_symbols=bucket(symbols.longest_utterance_characters, symbols_bucket),
            longest_symbols=bucket(longest_symbols(symbols), symbols_bucket),
            slowest_speed=SPEED[0],
            voice=voice,
            limit=StepLimit(
                self.parameter("tts_utterances", "base_s"),
                self.parameter("tts_utterances", "longest_symbol_s"),
            ),
        )


def symbols_of(repository: Repository) -> SymbolSet:
    """The checkpoint's symbols.

    Raises:
        EngineError: a file of the tokenizer is missing.
    """
    try:
        return SymbolSet.load(repository.folder("tts_tokenizer"))
    except ArtifactError as error:
        raise EngineError(str(error)) from error


def longest_symbols(symbols: SymbolSet) -> int:
    """How many symbols an utterance of the longest text may have.

    Letters are symbols of their own; a pronouncing dictionary may have several for one letter, so the word
    that has most of them for its length decides.
    """
    words = symbols.pronunciations.entries if symbols.pronunciations else {}
    # A space goes with every word, on both sides of the comparison.
    most = max(((phonemes.count(" ") + 2) / (len(word) + 1) for word, phonemes in words.items()), default=1.0)
    edges = len(symbols.first_ids) + len(symbols.last_ids)
    return math.ceil(symbols.longest_utterance_characters * max(1.0, most)) + edges
