"""`/docs`: every request with its fields, to try out; all of it comes from the gateway itself.

A script from elsewhere would run with the rights of the page, and could read the key that it holds.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response

from tritone_gateway.errors import NotFoundError

router = APIRouter(include_in_schema=False)

# Swagger UI, as the distribution fastapi-offline carries it.
_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>tritone: requests</title>
<link rel="icon" href="/docs/favicon.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="requests"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#requests",
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
});
"""


@router.get("/docs")
async def page() -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(_PAGE)


@router.get("/docs/start.js")
async def start() -> Response:
    """Return the script that shows the API's description."""
    return Response(_START, media_type="text/javascript")


@router.get("/docs/{name}")
def file(name: str) -> FileResponse:
    """Return a file of the viewer."""
    if name not in _FILES:
        raise NotFoundError("/docs: there is no such file.")
    with as_file(files("fastapi_offline") / "static" / name) as path:
        return FileResponse(path, media_type=_FILES[name])


def describe_keys(app: FastAPI) -> None:
    """Say in the API's description that requests take a key, so that /docs asks for one."""
    plain = app.openapi

    def with_keys() -> dict[str, Any]:
        described = plain()
        schemes = described.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["key"] = {"type": "http", "scheme": "bearer", "description": "An API key."}
        described["security"] = [{}, {"key": []}]  # none, where none are asked for
        return described

    app.openapi = with_keys  # type: ignore[method-assign]
