"""The page: static files, for which no key is needed."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parents[1] / "page"
_CHECKED = {"Cache-Control": "no-cache"}  # a browser asks whether a file has changed

router = APIRouter(include_in_schema=False)


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_CHECKED)
        return response


@router.api_route("/", methods=["GET", "HEAD"])
async def page() -> FileResponse:
    """The page."""
    return FileResponse(FOLDER / "index.html", headers=_CHECKED)


def install(app: FastAPI) -> None:
    """Serve the page and the files that it loads."""
    app.include_router(router)
    app.mount("/page", _Files(directory=FOLDER), name="page")
