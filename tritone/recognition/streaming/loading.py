"""Load a recogniser of streams from its folder, its parameters and the models that it calls."""

from __future__ import annotations

from pathlib import Path

from ...concurrency import Bind
from ...contract import SAMPLE_RATE_HZ
from ...model_parameters import RECOGNITION, VOICE_ACTIVITY, Parameters
from ..ctc import CtcDecoder
from ..voice_activity import INPUTS, OUTPUTS
from . import finals
from .endpoints import Limits
from .finals import FinalPass
from .format import FILE_NAME, Context, StreamFormat
from .recogniser import BatchLimits, Networks, StreamRecognizer


def load_stream_recognizer(
    folder: Path, parameters: Parameters, bind: Bind, *, ahead: bool = True
) -> StreamRecognizer:
    """Load what turns streams into interim texts and final segments.

    Args:
        folder: holds stream.json.
        parameters: of the model.
        bind: makes a function that calls a model.
        ahead: has no effect; segments are recognised in the threads of the model.

    Raises:
        ArtifactError: a file or a parameter is missing or wrong.
    """
    path = folder / FILE_NAME
    form = StreamFormat.load(path)
    networks = Networks(
        bind(parameters.name("features_model"), ["audio", "audio_length"], ["log_mel"]),
        bind(
            parameters.name("acoustic_model"),
            ["features", "features_length"],
            ["log_probs", "log_probs_length"],
        ),
        bind(parameters.name(VOICE_ACTIVITY), INPUTS, OUTPUTS) if parameters.has(VOICE_ACTIVITY) else None,
    )
    recognition = parameters.name(RECOGNITION)
    final = FinalPass(
        bind(recognition, finals.INPUTS, finals.OUTPUTS),
        bind(recognition, finals.INPUTS, (*finals.OUTPUTS, *finals.WRITTEN)),
    )
    chunk, segment = (
        round(parameters.number(name) * SAMPLE_RATE_HZ) for name in ("max_chunk_s", "max_segment_s")
    )
    return StreamRecognizer(
        form,
        Context.of(path, parameters, form),
        CtcDecoder.load(path, parameters.number("word_pause_s")),
        networks,
        final,
        Limits(chunk, segment),
        BatchLimits(parameters.count("streams_per_batch"), parameters.number("batch_audio_s")),
        parameters.number("vad_threshold") if parameters.has("vad_threshold") else 0.5,
    )
