"""The requests for every model, made of what the stages before it give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perf.load.errors import UsageError
from perf.load.requests import Request, RequestSet
from perf.load.stages import Row, Stages
from tritone import contract
from tritone.contract import SAMPLE_RATE_HZ

FORMATS = ("wav", "flac", "ogg", "mp3", "pcm")  # asked for in turns
MAIN = ("speech_to_text", "text_to_speech")  # the pipelines that are swept most thoroughly


def make_requests(model: str, stages: Stages) -> RequestSet:
    """Make the requests for one model.

    Raises:
        UsageError: there is no such model.
        LoadTestError: the server refused an input on the way.
    """
    require_known(model)
    return _MAKERS[model](model, stages)


def known_models() -> tuple[str, ...]:
    """Every model that requests can be made for: the pipelines first, then their parts in their order."""
    return tuple(_MAKERS)


def require_known(model: str) -> None:
    """Raise UsageError for a model that requests cannot be made for."""
    if model not in _MAKERS:
        raise UsageError(f"--models: expected some of {', '.join(_MAKERS)}, got {model}; correct the name.")


def _files(model: str, stages: Stages) -> RequestSet:
    lengths_s = [_heard_s(row) for row in stages.audio]
    rows = zip(stages.files, lengths_s, strict=True)
    return _set(model, [Request(row, length, length) for row, length in rows], "s", "the recordings' files")


def _recordings(model: str, stages: Stages) -> RequestSet:
    rows = stages.audio
    return _set(model, [Request(row, _heard_s(row), _heard_s(row)) for row in rows], "s", "audio_decoder")


def _windows(model: str, stages: Stages) -> RequestSet:
    rows = stages.windows[0]
    origin = "windows of the recordings, cut as asr_windows does"
    return _set(model, [Request(row, _heard_s(row), _heard_s(row)) for row in rows], "s", origin)


def _features(model: str, stages: Stages) -> RequestSet:
    rows = zip(stages.windows[1], map(_heard_s, stages.windows[0]), strict=True)
    return _set(model, [Request(row, length, length) for row, length in rows], "s", "asr_features")


def _log_probs(model: str, stages: Stages) -> RequestSet:
    rows = stages.log_probs
    return _set(model, [Request(row, _heard_s(row), _heard_s(row)) for row in rows], "s", "asr_windows")


def _transcripts(model: str, stages: Stages) -> RequestSet:
    requests = [Request(row, _length(row["transcript"])) for row in stages.transcripts]
    return _set(model, requests, "characters", "asr_ctc_decoder")


def _tokens(model: str, stages: Stages) -> RequestSet:
    requests = [Request(row, int(row["attention_mask"].sum())) for row in stages.token_windows]
    return _set(model, requests, "tokens", "the tokenizer of punctuation_windows")


def _texts(model: str, stages: Stages, speaks: bool) -> RequestSet:
    spoken = [_spoken_s(row) for row in stages.speech] if speaks else [None] * len(stages.texts)
    rows = zip(stages.texts, spoken, strict=True)
    requests = [Request(row, _length(row["text"]), length) for row, length in rows]
    return _set(model, requests, "characters", "the texts")


def _formats(model: str, stages: Stages, speaks: bool) -> RequestSet:
    requests = [
        Request({**request.tensors, "format": _name(name)}, request.size, request.audio_s)
        for request, name in zip(_texts(model, stages, speaks).requests, cycle(FORMATS), strict=False)
    ]
    return _set(model, requests, "characters", f"the texts, as {', '.join(FORMATS)} in turns")


def _symbols(model: str, stages: Stages) -> RequestSet:
    rows = zip(stages.symbols, stages.speech, strict=True)
    requests = [Request(row, int(row["symbols_length"].sum()), _spoken_s(speech)) for row, speech in rows]
    return _set(model, requests, "symbols", "tts_tokenizer")


def _utterances(model: str, stages: Stages) -> RequestSet:
    requests = [
        Request(row, int(row["symbols_length"][0]), _frames_s(answer, stages))
        for row, answer in stages.utterances[model]
    ]
    return _set(model, requests, "symbols", "tts_tokenizer, the batches of tts_utterances row by row")


def _spectrograms(model: str, stages: Stages) -> RequestSet:
    rows = [(row, _frames_s(row, stages)) for row, _ in stages.utterances[model]]
    requests = [Request(row, length, length) for row, length in rows]
    return _set(model, requests, "s", "tts_tacotron2, with the noise of tts_utterances")


def _vocoded(model: str, stages: Stages) -> RequestSet:
    rate_hz = stages.voice.sample_rate_hz
    rows = [(row, int(row["audio_length"][0]) / rate_hz) for row, _ in stages.utterances[model]]
    return _set(model, [Request(row, length, length) for row, length in rows], "s", "tts_waveglow")


def _speech(model: str, stages: Stages) -> RequestSet:
    requests = [
        Request({**row, "format": _name(name)}, _spoken_s(row), _spoken_s(row))
        for row, name in zip(stages.speech, cycle(FORMATS), strict=False)
    ]
    return _set(model, requests, "s", f"tts_utterances, as {', '.join(FORMATS)} in turns")


def _set(model: str, requests: Sequence[Request], unit: str, origin: str) -> RequestSet:
    return RequestSet(model, tuple(requests), unit, origin)


def _heard_s(row: Row) -> float:
    return int(row["audio_length"][0]) / SAMPLE_RATE_HZ


def _spoken_s(row: Row) -> float:
    return int(row["audio_length"][0]) / int(row["sample_rate_hz"][0])


def _frames_s(row: Row, stages: Stages) -> float:
    return int(row["mel_length"][0]) * stages.voice.hop_samples / stages.voice.sample_rate_hz


def _length(text: NDArray[Any]) -> int:
    return len(text[0].decode("utf-8"))


def _name(value: str) -> NDArray[Any]:
    return np.array([value.encode()], dtype=object)


_MAKERS: dict[str, Callable[[str, Stages], RequestSet]] = {
    "speech_to_text": _recordings,
    "text_to_speech": partial(_texts, speaks=True),
    "audio_to_text": _files,
    "punctuate": _transcripts,
    "text_to_audio": partial(_formats, speaks=True),
    "audio_decoder": _files,
    "asr_windows": _recordings,
    "asr_features": _windows,
    "asr_quartznet": _features,
    "asr_ctc_decoder": _log_probs,
    "text_validator": _transcripts,
    "punctuation_windows": _transcripts,
    "punctuation_bert": _tokens,
    "format_validator": partial(_formats, speaks=False),
    "tts_tokenizer": partial(_texts, speaks=False),
    "tts_utterances": _symbols,
    "tts_tacotron2": _utterances,
    "tts_waveglow": _spectrograms,
    "tts_denoiser": _vocoded,
    "audio_encoder": _speech,
}
PIPELINES = tuple(pipeline.name for pipeline in contract.PIPELINES)
