"""Load a synthesizer from its folder, its parameters and the models that it calls."""

from __future__ import annotations

from pathlib import Path

from ..concurrency import Bind, Network, work_ahead
from ..model_parameters import TOKENIZER, Parameters
from . import autoregressive, parallel, vocoding
from .autoregressive import AutoregressiveDecoder
from .limits import DurationLimit
from .parallel import ParallelSpectrograms
from .spectrograms import SpectrogramMaker
from .speech import SpeechSynthesizer
from .streaming import StreamingSynthesizer
from .vocoding import Vocoder
from .voice import Autoregressive, Voice


def load_synthesizer(
    folder: Path, parameters: Parameters, bind: Bind, *, ahead: bool = True
) -> SpeechSynthesizer:
    """Load a synthesizer.

    Args:
        folder: holds the sidecars of both halves of the voice.
        parameters: of the model: spectrogram_model, vocoder_model, denoiser_model if the voice has one,
            limits, buckets, and how much runs at a time.
        bind: makes a function that calls a model.
        ahead: process batches of a text, and utterances of a batch, concurrently, in threads.

    Raises:
        ArtifactError: a file or a parameter is missing or wrong, or the checkpoints do not match.
    """
    voice = Voice.load(folder)
    requests, batches = parameters.count("requests_in_flight"), parameters.count("batches_in_flight")
    utterances = parameters.count("utterances_in_flight")
    return SpeechSynthesizer(
        _spectrograms(voice, parameters, bind),
        _vocoder(voice, parameters, bind),
        parameters.count("utterances_per_batch"),
        work_ahead(requests, batches) if ahead else map,
        work_ahead(requests * batches, utterances) if ahead else map,
    )


def load_streaming(
    folder: Path, parameters: Parameters, bind: Bind, *, ahead: bool = True
) -> tuple[StreamingSynthesizer, Network]:
    """Load a streaming synthesizer, and its tokenizer.

    Args:
        folder: as for `load_synthesizer`.
        parameters: the same, and tokenizer_model.
        bind: as for `load_synthesizer`.
        ahead: has no effect: threads start when there is work.

    Returns:
        The synthesizer; and the tokenizer: text (1, 1) to symbols (1, U, S), symbols_length (1, U) and
        pause_s (1, U).

    Raises:
        ArtifactError: as `load_synthesizer`.
    """
    voice = Voice.load(folder)
    synthesizer = StreamingSynthesizer(
        _spectrograms(voice, parameters, bind),
        _vocoder(voice, parameters, bind),
        parameters.count("utterances_per_batch"),
        parameters.count("requests_in_flight"),
        parameters.count("utterances_in_flight"),
    )
    tokenize = bind(parameters.name(TOKENIZER), ["text"], ["symbols", "symbols_length", "pause_s"])
    return synthesizer, tokenize


def _vocoder(voice: Voice, parameters: Parameters, bind: Bind) -> Vocoder:
    vocode = bind(parameters.name("vocoder_model"), vocoding.inputs(voice), ["audio"])
    denoise = None
    if parameters.has("denoiser_model"):
        denoise = bind(parameters.name("denoiser_model"), ["audio", "audio_length", "strength"], ["audio"])
    return Vocoder(voice, vocode, denoise, parameters.count("frames_bucket"))


def _spectrograms(voice: Voice, parameters: Parameters, bind: Bind) -> SpectrogramMaker:
    model, outputs = parameters.name("spectrogram_model"), ["mel", "mel_length"]
    limit = DurationLimit(parameters.number("base_s"), parameters.number("longest_symbol_s"))
    bucket, settings = parameters.count("symbols_bucket"), voice.spectrograms
    if isinstance(settings, Autoregressive):
        decode = bind(model, autoregressive.INPUTS, outputs)
        return AutoregressiveDecoder(voice, settings, decode, limit, bucket)
    return ParallelSpectrograms(
        voice, settings, bind(model, parallel.inputs(settings), outputs), limit, bucket
    )
