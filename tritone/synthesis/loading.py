"""Load a synthesizer from its folder, its parameters and the models that it calls."""

from __future__ import annotations

from pathlib import Path

from ..concurrency import Bind, work_ahead
from ..model_parameters import Parameters
from .limits import StepLimit
from .spectrograms import SpectrogramDecoder
from .speech import SpeechSynthesizer
from .vocoding import Vocoder
from .voice import Voice


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
    decode = bind(
        parameters.name("spectrogram_model"), ["symbols", "symbols_length", "dropout"], ["mel", "mel_length"]
    )
    vocode = bind(parameters.name("vocoder_model"), ["mel", "mel_length", "z"], ["audio"])
    denoise = None
    if parameters.has("denoiser_model"):
        denoise = bind(parameters.name("denoiser_model"), ["audio", "audio_length", "strength"], ["audio"])
    limit = StepLimit(parameters.number("base_s"), parameters.number("longest_symbol_s"))
    requests, batches = parameters.count("requests_in_flight"), parameters.count("batches_in_flight")
    utterances = parameters.count("utterances_in_flight")
    return SpeechSynthesizer(
        SpectrogramDecoder(voice, decode, limit, parameters.count("symbols_bucket")),
        Vocoder(voice, vocode, denoise, parameters.count("frames_bucket")),
        parameters.count("utterances_per_batch"),
        work_ahead(requests, batches) if ahead else map,
        work_ahead(requests * batches, utterances) if ahead else map,
    )
