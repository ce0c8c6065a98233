"""Check that each pipeline answers: a server still reports ready after the process of a model has died."""

from __future__ import annotations

import io
import time
import wave
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tritone_client import calls, synthesis
from tritone_client.attempts import Deadline
from tritone_client.calls import Call
from tritone_client.errors import (
    InvalidRequestError,
    ModelNotFoundError,
    OverloadedError,
    RequestTimeoutError,
    ServerUnavailableError,
    TritoneError,
)
from tritone_client.flows import PROBE_S, Ask, Flow, pipelines_of, why_refused
from tritone_client.questions import Infer, ModelSuccesses
from tritone_client.recognition import RecognitionOptions, with_options
from tritone_client.results import PipelineProbe, Probe, Transcription
from tritone_client.synthesis import SynthesisOptions

DEADLINE_S = 10.0
TURNS = 2  # requests to each pipeline: Triton's instances take turns, and one of two may be dead
_SECONDS = 0.5  # of silence

Alternatives = Sequence[
    Call[Any]
]  # requests; the next one is sent if the server does not take the one before


def probe(models: Iterable[str] | None, deadline_s: float, name: str = "") -> Flow[Probe]:
    """Send small requests to the pipelines, one after another.

    Args:
        models: the pipelines; None for all, or all of a set.
        deadline_s: seconds that each of them gets for all its requests.
        name: of the set.

    Raises:
        ServerUnavailableError: the address does not answer.
        ValueError: another model, or no positive deadline.
    """
    if not deadline_s > 0:
        raise ValueError(f"deadline_s: expected more than 0 seconds, got {deadline_s}.")
    requests, wanted = _requests(), (yield from pipelines_of(name)) if models is None else tuple(models)
    for model in wanted:
        if model not in requests:
            raise ValueError(f"models: expected some of {', '.join(requests)}, got {model!r}.")
    pipelines = {}
    for model in wanted:
        pipelines[model] = yield from _probe(requests[model], deadline_s)
    return Probe(pipelines)


def _probe(turns: Sequence[Alternatives], deadline_s: float) -> Flow[PipelineProbe]:
    deadline, waiting = Deadline(deadline_s), list(turns)
    answered_before = yield from _answers(turns[0][0].model)
    slowest_s, own = 0.0, 0
    while waiting:
        call, *others_left = waiting.pop(0)
        started_s = time.monotonic()
        try:
            # Half of the time for the queue: a probe still waiting then shows that all workers are busy.
            yield Ask(Infer(call, deadline.remaining_s() / 2), deadline.remaining_s())
            own += 1
        except InvalidRequestError:
            if others_left:
                waiting.insert(0, others_left)
                continue
            # An answer too: another voice may not have the words.
        except (ServerUnavailableError, ModelNotFoundError) as error:
            problem = yield from why_refused(call.model, error)
            if isinstance(problem, ServerUnavailableError):
                raise problem from error
            overloaded = isinstance(problem, OverloadedError)
            seconds = time.monotonic() - started_s
            return PipelineProbe("busy" if overloaded else "failed", seconds, str(problem))
        except RequestTimeoutError:
            others = (yield from _answers(call.model)) - answered_before - own
            seconds = time.monotonic() - started_s
            if others > 0:
                busy = f"answered {others} other requests, and not this one within {deadline_s:g} s."
                return PipelineProbe("busy", seconds, busy)
            return PipelineProbe("failed", seconds, f"answered no request within {deadline_s:g} s.")
        except TritoneError as error:
            return PipelineProbe("failed", time.monotonic() - started_s, str(error))
        slowest_s = max(slowest_s, time.monotonic() - started_s)
    return PipelineProbe("answered", slowest_s)


def _answers(model: str) -> Flow[int]:
    try:
        count: int = yield Ask(ModelSuccesses(model), PROBE_S)
    except ServerUnavailableError:
        raise
    except TritoneError:
        return 0  # the pipeline's own request tells more
    return count


def _requests() -> Mapping[str, Sequence[Alternatives]]:
    """Return the requests to each pipeline; together they go through every model that the pipelines have."""
    samples = np.zeros(round(_SECONDS * calls.SAMPLE_RATE_HZ), np.float32)
    # Silence has no words: the model of punctuation is only reached through its own pipeline.
    plain, denoised = (synthesis.audio_file("One.", "wav", SynthesisOptions(denoise=x)) for x in (None, 0.1))
    requests: tuple[Sequence[Alternatives], ...] = (
        _recognition(calls.transcribe(_wav(samples), written=True)),
        _recognition(calls.transcribe(samples, written=True)),
        [(calls.punctuate("how are you"),)] * TURNS,
        [(synthesis.speech("One.", SynthesisOptions()),)] * TURNS,
        [(denoised, plain)] * TURNS,  # not every voice has a denoiser
    )
    return {turns[0][0].model: turns for turns in requests}


def _recognition(call: Call[Transcription]) -> Sequence[Alternatives]:
    """Silence, as it is for the acoustic model, and with the detector of speech, which keeps it from that."""
    whole, searched = (
        with_options(call, RecognitionOptions(vad="off")),
        with_options(call, RecognitionOptions(vad="on")),
    )
    return [(whole,)] * TURNS + [(searched, whole)]  # not every recogniser has a detector


def _wav(samples: NDArray[np.float32]) -> bytes:
    with io.BytesIO() as content:
        with wave.open(content, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(calls.SAMPLE_RATE_HZ)
            file.writeframes(samples.astype("<i2").tobytes())
        return content.getvalue()
