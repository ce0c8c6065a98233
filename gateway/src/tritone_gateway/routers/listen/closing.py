"""How a connection ends that cannot go on: an error message, then a close frame with code and reason."""

from __future__ import annotations

from fastapi import WebSocket

from tritone_gateway.errors import BadRequestError, GatewayError, UnavailableError
from tritone_gateway.schemas.listen import ErrorMessage

POLICY_VIOLATION, INTERNAL_ERROR, TRY_AGAIN_LATER = 1008, 1011, 1013  # RFC 6455 and its registry
LONGEST_REASON = 123  # bytes in a close frame


class SilentError(GatewayError):
    """The caller has sent nothing for too long."""

    status, code = 408, "silent"


def close_code(error: GatewayError) -> int:
    """Return the code of the close frame: whose fault it was, and whether another try is worth it."""
    if isinstance(error, UnavailableError):
        return TRY_AGAIN_LATER
    if isinstance(error, BadRequestError) or error.status in (401, 403, 404, 413, 429):
        return POLICY_VIOLATION
    return INTERNAL_ERROR


async def close_with(websocket: WebSocket, error: GatewayError, request_id: str) -> None:
    """Tell the caller what was wrong, and close.

    The reason of a close frame is short, and not every client shows it; the message before it has everything.
    """
    message = ErrorMessage(variant=error.code, description=error.message, request_id=request_id)
    await websocket.send_text(message.model_dump_json())
    reason = error.message.encode()[:LONGEST_REASON].decode(errors="ignore")
    await websocket.close(close_code(error), reason)
