"""Apply a change of the configs to a running server, or undo it if the server cannot load it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from ...errors import ServerError
from ...server.control import ModelControl
from .edits import Edits
from .procedure import Change

DRAIN_S = 600.0  # the longest recording on a busy CPU


def follow(change: Change, undo: Edits, server: ModelControl, report: Callable[[str], None]) -> None:
    """Apply a change to a server.

    Args:
        change: the edits, already written.
        undo: restores the configs.
        server: a running server with these repositories.
        report: receives progress messages for the operator.

    Raises:
        ServerError: the server could not load a model; configs and server are unchanged.
    """
    try:
        for model in change.unload:
            server.unload(model)
            report(f"unloaded {model}")
        for model in change.load:
            server.load(model)
            report(f"loaded {model}")
            if model in change.gone:
                server.wait_gone(model, change.gone[model], DRAIN_S)
                report(f"{model} has answered the last request of version {change.gone[model]}")
    except BaseException:
        undo.apply()
        for model in (*change.load, *change.unload):
            with suppress(ServerError):
                _return_to_config(model, undo, server)
        raise


def _return_to_config(model: str, undo: Edits, server: ModelControl) -> None:
    """Load a model with its restored config; unload a canary whose config was removed."""
    created = any(path.parent.name == model and text is None for path, text in undo.texts.items())
    if created:
        server.unload(model)
    else:
        server.load(model)
