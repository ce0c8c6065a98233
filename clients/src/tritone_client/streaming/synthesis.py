"""Streaming synthesis: the flow from a text, or pieces of one, to chunks of speech."""

from __future__ import annotations

import re
import uuid
from typing import Any

import numpy as np

from tritone_client.attempts import RetryPolicy
from tritone_client.calls import STREAM_SYNTHESIS, text_tensor
from tritone_client.results import Speech
from tritone_client.streaming.start import first_response
from tritone_client.streaming.steps import (
    ENDED,
    Emit,
    Place,
    Receive,
    Send,
    StreamFlow,
    StreamRequest,
    StreamResponse,
    TakeInput,
)
from tritone_client.synthesis import SynthesisOptions

LONGEST_WAIT_CHARACTERS = 200  # of pieces that are collected, in a text without punctuation
_MARK = re.compile(r"[.?!:;,\u2026\n]")  # where a sentence or clause may end


def speak(text: str, options: SynthesisOptions, policy: RetryPolicy) -> StreamFlow:
    """Synthesize one text and emit its speech in chunks."""
    request = _request(text, options)
    response = yield from first_response(request, policy)
    yield from _spoken(response, policy.timeout_s)


def speak_pieces(options: SynthesisOptions, policy: RetryPolicy) -> StreamFlow:
    """Synthesize the text that the caller's pieces make up, and emit speech as sentences are complete.

    Pieces are collected up to a punctuation mark: a language model writes a word at a time, and each request
    is a round trip. The server decides where sentences end.
    """
    sequence = uuid.uuid4().hex
    waiting, started = "", False
    while True:
        piece = yield TakeInput()
        ended = piece is ENDED
        if not ended:
            text_tensor("text", piece)  # refuses other types and bytes that are not Unicode
            waiting += piece
            if not waiting.strip() or not (_MARK.search(waiting) or len(waiting) >= LONGEST_WAIT_CHARACTERS):
                continue
        if ended and not started and not waiting.strip():
            return  # no text at all
        place = Place(sequence, not started, ended)
        request = _request(waiting, options, place)
        waiting = ""
        if started:
            yield Send(request)
            response = yield Receive(policy.timeout_s)
        else:
            response = yield from first_response(request, policy)
        started = True
        yield from _spoken(response, policy.timeout_s)
        if ended:
            return


def checked_text(text: Any) -> Any:
    """Return a text or an iterable of its pieces.

    Raises:
        TypeError: something else.
        InvalidRequestError: not valid Unicode.
    """
    if isinstance(text, str):
        text_tensor("text", text)
    elif isinstance(text, bytes) or not (hasattr(text, "__iter__") or hasattr(text, "__aiter__")):
        raise TypeError(f"text: expected str or an iterator of str, got {type(text).__name__}.")
    return text


def _request(text: str, options: SynthesisOptions, place: Place | None = None) -> StreamRequest:
    inputs = (text_tensor("text", text),)
    return StreamRequest(STREAM_SYNTHESIS, inputs, options.parameters(), place=place, several_responses=True)


def _spoken(response: StreamResponse, timeout_s: float) -> StreamFlow:
    """Emit the speech of a response and of those that follow it."""
    while True:
        if response.tensor("audio") is not None:
            samples = np.array(response.outputs.row("audio"), dtype=np.float32)  # the response's is read-only
            if samples.size:
                yield Emit(Speech(samples, response.outputs.integer("sample_rate_hz")))
        if response.last:
            return
        response = yield Receive(timeout_s)
