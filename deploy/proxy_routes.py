"""What a release offers through the proxy: health, metadata and inference of its public pipelines.

Everything is closed that is not named here: the models that pipelines are made of, model control, shared
memory, traces and log settings. Over HTTP the path names the model. Over gRPC the messages do, which
grpc_access.lua reads as they pass.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.errors import UsageError
from tritone.repository.versions.families import CANARY

_TYPE = "type.googleapis.com/envoy.extensions.filters.http"
BUFFER, LUA = "envoy.filters.http.buffer", "envoy.filters.http.lua"
_SERVICE = "/inference.GRPCInferenceService/"
# What names no model, and what names one.
_SERVER_CALLS = (
    f"{_SERVICE}ServerLive",
    f"{_SERVICE}ServerReady",
    f"{_SERVICE}ServerMetadata",
    "/grpc.health.v1.Health/Check",
)
_MODEL_CALLS = tuple(
    _SERVICE + name
    for name in ("ModelReady", "ModelMetadata", "ModelStatistics", "ModelInfer", "ModelStreamInfer")
)
_SMALL_BYTES = 64 << 10  # of requests that need no body at all
_GET = {"name": ":method", "string_match": {"exact": "GET"}}
_POST = {"name": ":method", "string_match": {"exact": "POST"}}
_LENGTH, _ENCODING, _JSON_LENGTH = "content-length", "content-encoding", "inference-header-content-length"


@dataclass(frozen=True)
class PublicApi:
    """What callers may ask of a release."""

    pipelines: Sequence[str]  # names, without canaries
    largest_body_bytes: int = 256 << 20  # of one request; an hour of samples is 230 MB
    largest_json_bytes: int = 1 << 20  # of what is JSON in it: Triton reads nested JSON recursively

    @property
    def names(self) -> list[str]:
        """Every name that a caller may give: a canary's may come to be served at any time."""
        return sorted({name + ending for name in self.pipelines for ending in ("", CANARY)})

    @property
    def refusal(self) -> str:
        """What callers of anything else are told."""
        return (
            "proxy: expected health, metadata, statistics or inference of a public pipeline "
            f"({', '.join(sorted(self.pipelines))}), got another request; everything else is for callers on "
            "the node itself."
        )


def read_public_api(source: Path, largest_body_bytes: int = PublicApi.largest_body_bytes) -> PublicApi:
    """Return what a tree offers: every model of its folder ensembles/.

    Raises:
        UsageError: there is none.
    """
    names = {path.parent.name.removesuffix(CANARY) for path in source.glob("ensembles/*/config.pbtxt")}
    if not names:
        raise UsageError(f"{source}/ensembles: expected public pipelines, found none; name another --source.")
    return PublicApi(sorted(names), largest_body_bytes)


def http_routes(api: PublicApi, target: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the routes of the HTTP port; `target` is the action of those that are open.

    A body must tell its length beforehand: else its limit would be noticed when all up to it has gone
    through, and Triton keeps a body in as many pieces as it came in.
    """
    routes = [_reading("/v2|/v2/health/(live|ready)", target)]
    for name in api.pipelines:
        model = f"/v2/models/{name}({CANARY})?(/versions/[0-9]+)?"  # short: Envoy limits the size of one
        routes += [_reading(f"{model}(/ready|/stats)?", target), *_inference(f"{model}/infer", api, target)]
    return [*routes, _answer({"prefix": "/"}, 403, api.refusal)]


def _reading(path: str, target: dict[str, Any]) -> dict[str, Any]:
    """Return a route for what is only read."""
    return {
        "match": {"safe_regex": {"regex": path}, "headers": [_GET]},
        "route": target,
        "typed_per_filter_config": {
            BUFFER: {
                "@type": f"{_TYPE}.buffer.v3.BufferPerRoute",
                "buffer": {"max_request_bytes": _SMALL_BYTES},
            }
        },
    }


def _inference(path: str, api: PublicApi, target: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the routes for inference: two that are open, then the reasons why none of them was right."""
    infer = {"safe_regex": {"regex": path}}
    body = _up_to(_LENGTH, api.largest_body_bytes)
    binary = [body, _up_to(_JSON_LENGTH, api.largest_json_bytes)]
    json_only = [_up_to(_LENGTH, api.largest_json_bytes), _absent(_JSON_LENGTH)]
    return [
        {"match": {**infer, "headers": [_POST, _absent(_ENCODING), *binary]}, "route": target},
        {"match": {**infer, "headers": [_POST, _absent(_ENCODING), *json_only]}, "route": target},
        _answer(
            {**infer, "headers": [_POST, {"name": _ENCODING, "present_match": True}]},
            415,
            "proxy: expected a body as it is, got one with a Content-Encoding; send it plain.",
        ),
        _answer(
            {**infer, "headers": [_POST, _absent(_LENGTH)]},
            411,
            "proxy: expected a Content-Length, got a body of unknown length; send the length.",
        ),
        _answer(
            {**infer, "headers": [_POST, {**body, "invert_match": True}]},
            413,
            f"proxy: expected a body of at most {api.largest_body_bytes} bytes, got more; send less "
            "at a time, or compressed audio.",
        ),
        _answer(
            {**infer, "headers": [_POST]},
            413,
            f"proxy: expected at most {api.largest_json_bytes} bytes of JSON, got more; send tensors "
            "as binary data (Inference-Header-Content-Length).",
        ),
    ]


def grpc_routes(api: PublicApi, target: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the routes of the gRPC port; `target` is the action of those that are open."""
    check = {
        LUA: {
            "@type": f"{_TYPE}.lua.v3.LuaPerRoute",
            "source_code": {"inline_string": Path(__file__).with_name("grpc_access.lua").read_text("utf-8")},
            "filter_context": {
                "pipelines": api.names,
                "largest_message_bytes": api.largest_body_bytes,
                "expected": api.refusal,
            },
        }
    }
    routes: list[dict[str, Any]] = [
        {"match": {"path": path}, "route": target, "typed_per_filter_config": check} for path in _MODEL_CALLS
    ]
    routes += [{"match": {"path": path}, "route": target} for path in _SERVER_CALLS]
    return [*routes, _refused_call(api)]


def metrics_routes(target: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the routes of the metrics port."""
    return [
        {"match": {"path": "/metrics", "headers": [_GET]}, "route": target},
        _answer({"prefix": "/"}, 403, "proxy: expected GET /metrics, got another request."),
    ]


def _up_to(header: str, most: int) -> dict[str, Any]:
    return {"name": header, "range_match": {"start": 0, "end": most + 1}}


def _absent(header: str) -> dict[str, Any]:
    return {"name": header, "present_match": False}


def _refused_call(api: PublicApi) -> dict[str, Any]:
    """Envoy answers gRPC callers with the gRPC status that belongs to 403, PERMISSION_DENIED."""
    return {
        "match": {"prefix": "/"},
        "direct_response": {"status": 403, "body": {"inline_string": api.refusal}},
    }


def _answer(match: dict[str, Any], status: int, reason: str) -> dict[str, Any]:
    """Return a route that answers in the form of Triton's errors."""
    return {
        "match": match,
        "direct_response": {"status": status, "body": {"inline_string": json.dumps({"error": reason})}},
        "response_headers_to_add": [
            {
                "header": {"key": "content-type", "value": "application/json"},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
    }
