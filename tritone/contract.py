"""The public contract: inputs and outputs of each pipeline. Clients depend on these names.

Dimensions exclude the batch dimension, which always comes first. -1 is a length that varies per request.
"""

from __future__ import annotations

from dataclasses import dataclass

SAMPLE_RATE_HZ = 16_000  # of the tensor `audio` in recognition requests
MIN_AUDIO_S = 0.02  # one analysis window; shorter audio holds no speech
MAX_PEAK = 2.0  # twice full scale: decoding and resampling overshoot 1.0 slightly, int16 values by far
STOPPING_VARIABLE = "TRITONE_SERVER_STOPPING"  # environment: a file that exists once the server is to stop
OPEN_STREAMS = "tritone_open_streams"  # metric: a gauge for each model that serves streams
RESTARTS_VARIABLE = "TRITONE_SERVER_RESTARTS"  # environment: number of restarts after crashes


@dataclass(frozen=True)
class TensorSpec:
    """One named tensor of a model's interface."""

    name: str
    dtype: str  # Triton's name without TYPE_: FP32, INT64, BYTES...
    dims: tuple[int, ...]  # without the batch dimension


@dataclass(frozen=True)
class Pipeline:
    """One public model: an ensemble, or a model with many responses to a request."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


_RECOGNITION = (
    TensorSpec("transcript", "BYTES", (1,)),
    TensorSpec("text", "BYTES", (1,)),
    TensorSpec("word", "BYTES", (-1,)),
    TensorSpec("word_start_s", "FP32", (-1,)),
    TensorSpec("word_end_s", "FP32", (-1,)),
    TensorSpec("word_confidence", "FP32", (-1,)),
    # Optional: text with numbers, money, dates and times in figures. Computed when one of these is requested.
    TensorSpec("written_text", "BYTES", (1,)),
    TensorSpec("written_word", "BYTES", (-1,)),
    TensorSpec("written_word_start_s", "FP32", (-1,)),
    TensorSpec("written_word_end_s", "FP32", (-1,)),
    TensorSpec("written_word_confidence", "FP32", (-1,)),
    TensorSpec("alternative", "BYTES", (-1,)),
    TensorSpec("alternative_score", "FP32", (-1,)),
)

SPEECH_TO_TEXT = Pipeline(
    "speech_to_text",
    (TensorSpec("audio", "FP32", (-1,)), TensorSpec("audio_length", "INT64", (1,))),
    _RECOGNITION,
)
AUDIO_TO_TEXT = Pipeline(
    "audio_to_text",
    (TensorSpec("audio_bytes", "BYTES", (1,)),),
    (*_RECOGNITION, TensorSpec("duration_s", "FP32", (1,))),
)
PUNCTUATE = Pipeline(
    "punctuate", (TensorSpec("transcript", "BYTES", (1,)),), (TensorSpec("text", "BYTES", (1,)),)
)
TEXT_TO_SPEECH = Pipeline(
    "text_to_speech",
    (TensorSpec("text", "BYTES", (1,)),),
    (
        TensorSpec("audio", "FP32", (-1,)),
        TensorSpec("audio_length", "INT64", (1,)),
        TensorSpec("sample_rate_hz", "INT32", (1,)),
        TensorSpec("reading", "BYTES", (1,)),  # optional: the text in words, as it is spoken
    ),
)
TEXT_TO_AUDIO = Pipeline(
    "text_to_audio",
    (TensorSpec("text", "BYTES", (1,)), TensorSpec("format", "BYTES", (1,))),
    (TensorSpec("audio_bytes", "BYTES", (1,)),),
)
TEXT_TO_SPEECH_STREAM = Pipeline(  # decoupled: any number of responses, then the final flag
    "text_to_speech_stream",
    (TensorSpec("text", "BYTES", (1,)),),
    (
        TensorSpec("audio", "FP32", (-1,)),  # the next chunk
        TensorSpec("sample_rate_hz", "INT32", (1,)),
    ),
)

_STREAMED = tuple(tensor for tensor in _RECOGNITION if not tensor.name.startswith("alternative"))
ASR_STREAM = Pipeline(
    "asr_stream",
    # One of the two in each request; none, or no samples, in one that only ends a stream.
    (TensorSpec("audio", "FP32", (-1,)), TensorSpec("audio_pcm16", "INT16", (-1,))),
    (
        TensorSpec("interim_transcript", "BYTES", (1,)),
        TensorSpec("stable_characters", "INT32", (1,)),
        TensorSpec("is_final", "BOOL", (1,)),
        TensorSpec("speech_started", "BOOL", (1,)),
        TensorSpec("audio_processed_s", "FP32", (1,)),
        # Empty, or 0, unless a segment has ended.
        TensorSpec("segment_start_s", "FP32", (1,)),
        TensorSpec("segment_end_s", "FP32", (1,)),
        *_STREAMED,
    ),
)

PIPELINES = (SPEECH_TO_TEXT, AUDIO_TO_TEXT, PUNCTUATE, TEXT_TO_SPEECH, TEXT_TO_AUDIO)
STREAMS = (ASR_STREAM, TEXT_TO_SPEECH_STREAM)  # public models that are no ensembles: see docs/architecture.md
PUBLIC = tuple(public.name for public in (*PIPELINES, *STREAMS))
STREAM_NAMES = tuple(stream.name for stream in STREAMS)


def public_name(model: str) -> tuple[str, str] | None:
    """Split the name of a public model of any set: text_to_speech_fast into text_to_speech and fast.

    Returns:
        The name in the bundled set, and the set's, empty for the bundled one; None for another model.
    """
    fitting = [name for name in PUBLIC if model == name or model.startswith(f"{name}_")]
    if not fitting:
        return None
    longest = max(fitting, key=len)  # text_to_speech_stream is not text_to_speech of a set `stream`
    return longest, model[len(longest) + 1 :]


def is_stream(model: str) -> bool:
    """Return whether a model, of any set, is one of STREAMS."""
    split = public_name(model)
    return split is not None and split[0] in STREAM_NAMES
