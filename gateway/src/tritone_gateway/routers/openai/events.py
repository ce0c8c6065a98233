"""Server-sent events."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from tritone_gateway.errors import GatewayError, unforeseen
from tritone_gateway.routers.openai.errors import openai_form
from tritone_gateway.schemas.openai import Answer

EVENT_STREAM = "text/event-stream"
_log = logging.getLogger(__name__)


async def events(answers: AsyncGenerator[Answer, None]) -> AsyncGenerator[bytes, None]:
    """Yield answers as events. An error after the first one is the last event, as the status is sent."""
    begun = False
    async with aclosing(answers):
        try:
            async for answer in answers:
                yield _event(answer.content())
                begun = True
        except Exception as error:
            if not begun:
                raise
            if not isinstance(error, GatewayError):
                _log.exception("a stream of events failed")
                error = unforeseen()
            yield _event(openai_form(error))


def _event(content: object) -> bytes:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n".encode()
