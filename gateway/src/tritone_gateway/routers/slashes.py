"""Paths with and without a slash at their end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter


class SlashTolerantRouter(APIRouter):
    """Answers both directly: a redirect would make clients send an upload twice, or not at all."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route for both paths; the documentation shows the one that is given."""
        super().add_api_route(path, endpoint, **options)
        super().add_api_route(f"{path}/", endpoint, **{**options, "include_in_schema": False})
