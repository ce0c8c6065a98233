"""Transcripts as events, sent while a recording is recognised."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import BinaryIO

from tritone_gateway.audio.containers import inspect, too_long
from tritone_gateway.audio.decoding import decoded
from tritone_gateway.backend import RecognitionChoices, SpeechBackend
from tritone_gateway.backend.stretches import LONGEST_S, Stretch, shown_words, transcribe_in_stretches
from tritone_gateway.errors import BadRequestError
from tritone_gateway.routers.openai.errors import renamed
from tritone_gateway.routers.openai.transcripts import word_logprobs
from tritone_gateway.schemas.openai import Answer, DurationUsage, LogProb, TextDelta, TextDone

#: of this API, by the name that errors of the speech service have for them
FIELDS = {"audio": "file", "audio_bytes": "file", "parameter boost": "keywords"}


async def text_events(
    file: BinaryIO, stretches: AsyncGenerator[Stretch, None], logprobs: bool
) -> AsyncGenerator[Answer, None]:
    """Yield the text of a recording as it is recognised, and at the end the whole.

    Args:
        file: the recording; it is closed at the end.
        stretches: of it, as `recording_stretches` yields them.
        logprobs: whether each word's confidence is asked for.
    """
    text, tokens, end_s = "", list[LogProb](), 0.0
    with file, renamed(FIELDS):
        async with aclosing(stretches):
            async for stretch in stretches:
                end_s = stretch.end_s
                if not stretch.words:
                    continue
                delta = " " * bool(text) + " ".join(word.text for word in stretch.words)
                added = word_logprobs(stretch.words, first=not text) if logprobs else []
                text, tokens = text + delta, tokens + added
                yield TextDelta(delta=delta, logprobs=added if logprobs else None)
    usage = DurationUsage(seconds=round(end_s, 3))
    yield TextDone(text=text, logprobs=tokens if logprobs else None, usage=usage)


async def recording_stretches(
    file: BinaryIO, choices: RecognitionChoices, backend: SpeechBackend, longest_s: float
) -> AsyncGenerator[Stretch, None]:
    """Recognise a recording stretch by stretch, a short one at once.

    Raises:
        BadRequestError: it is none, or longer than it may be.
    """
    if not await asyncio.to_thread(_is_long, file):
        found = await backend.transcribe(await asyncio.to_thread(file.read), choices)
        yield Stretch(tuple(shown_words(found)), found.duration_s or 0.0)
        return
    async with (
        aclosing(decoded(file)) as pieces,
        aclosing(transcribe_in_stretches(backend, pieces, choices)) as stretches,
    ):
        async for stretch in stretches:
            if stretch.end_s > longest_s:
                raise too_long(stretch.end_s, longest_s)
            yield stretch


def _is_long(file: BinaryIO) -> bool:
    """Return whether a recording has several stretches. The speech service refuses what is none."""
    try:
        duration_s = inspect(file).duration_s
    except BadRequestError:
        return False
    return duration_s is None or duration_s > LONGEST_S
