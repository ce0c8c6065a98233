"""What a release makes public through the proxy: health, metadata and inference of its pipelines.

Everything not listed here is closed: the models inside pipelines, model control, shared memory, traces and
log settings. Over HTTP the path contains the model's name. Over gRPC the messages contain it, and
grpc_access.lua reads them as they pass.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.errors import UsageError
from tritone.contract import is_stream
from tritone.repository.versions.groups import CANARY

_TYPE = "type.googleapis.com/envoy.extensions.filters.http"
BUFFER, LUA = "envoy.filters.http.buffer", "envoy.filters.http.lua"
_SERVICE = "/inference.GRPCInferenceService/"
_SERVER_CALLS = (
    f"{_SERVICE}ServerLive",
    f"{_SERVICE}ServerReady",
    f"{_SERVICE}ServerMetadata",
    "/grpc.health.v1.Health/Check",
)
# Calls with a model's name in the message.
_MODEL_CALLS = tuple(
    _SERVICE + name
    for name in ("ModelReady", "ModelMetadata", "ModelStatistics", "ModelInfer", "ModelStreamInfer")
)
_CRASHING_HEADER = "triton_grpc_error"  # with it, an error in a stream ends the process of Triton 2.51
_SMALL_BYTES = 64 << 10  # of requests that need no body
_GET = {"name": ":method", "string_match": {"exact": "GET"}}
_POST = {"name": ":method", "string_match": {"exact": "POST"}}
_LENGTH, _ENCODING, _JSON_LENGTH = "content-length", "content-encoding", "inference-header-content-length"


@dataclass(frozen=True)
class PublicApi:
    """What callers may request from a release."""

    pipelines: Sequence[str]  # names, without canaries
    largest_body_bytes: int = 256 << 20  # of one request; an hour of samples is 230 MB
    largest_json_bytes: int = 1 << 20  # of the JSON in it: Triton reads nested JSON recursively

    @property
    def names(self) -> list[str]:
        """Every name that a caller may give, canaries included: one may be served at any time."""
        return sorted({name + ending for name in self.pipelines for ending in ("", CANARY)})

    @property
    def refusal(self) -> str:
        """The reason given to callers of anything else."""
        return (
            "proxy: expected health, metadata, statistics or inference of a public pipeline "
            f"({', '.join(sorted(self.pipelines))}), got another request; everything else is for callers on "
            "the node itself."
        )


def read_public_api(source: Path, largest_body_bytes: int = PublicApi.largest_body_bytes) -> PublicApi:
    """Return what a tree makes public: every model in its folder ensembles/, and the streams beside them.

    Raises:
        UsageError: there is none.
    """
    names = {path.parent.name.removesuffix(CANARY) for path in source.glob("ensembles/*/config.pbtxt")}
    models = {path.parent.name for path in source.glob("model_repository/*/config.pbtxt")}
    if not names:
        raise UsageError(
            f"{source}/ensembles: expected public pipelines, found none; choose another --source."
        )
    return PublicApi(sorted(names | set(filter(is_stream, models))), largest_body_bytes)


def http_routes(api: PublicApi, target: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the routes of the HTTP port; `target` is the action of those that are open.

    A body must declare its length. Otherwise its limit would be enforced only after that much has passed, and
    Triton keeps a body in as many pieces as it arrived in.
    """
    routes = [_read_route("/v2|/v2/health/(live|ready)", target)]
    for name in api.pipelines:
        model = f"/v2/models/{name}({CANARY})?(/versions/[0-9]+)?"  # short: Envoy limits a pattern's size
        routes.append(_read_route(f"{model}(/ready|/stats)?", target))
        routes += _inference_routes(f"{model}/infer", api, target)
    return [*routes, _json_response({"prefix": "/"}, 403, api.refusal)]


def _read_route(path: str, target: dict[str, Any]) -> dict[str, Any]:
    """Return a route for requests without a body."""
    buffer = {
        "@type": f"{_TYPE}.buffer.v3.BufferPerRoute",
        "buffer": {"max_request_bytes": _SMALL_BYTES},
    }
    return {
        "match": {"safe_regex": {"regex": path}, "headers": [_GET]},
        "route": target,
        "typed_per_filter_config": {BUFFER: buffer},
    }


def _inference_routes(path: str, api: PublicApi, target: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the routes for inference: two that are open, then the reasons why neither matched."""

    def match(*headers: dict[str, Any]) -> dict[str, Any]:
        return {"safe_regex": {"regex": path}, "headers": [_POST, *headers]}

    body = _up_to(_LENGTH, api.largest_body_bytes)
    binary = match(_absent(_ENCODING), body, _up_to(_JSON_LENGTH, api.largest_json_bytes))
    json_only = match(_absent(_ENCODING), _up_to(_LENGTH, api.largest_json_bytes), _absent(_JSON_LENGTH))
    return [
        {"match": binary, "route": target},
        {"match": json_only, "route": target},
        _json_response(
            match({"name": _ENCODING, "present_match": True}),
            415,
            "proxy: expected a plain body, got one with a Content-Encoding; send it without.",
        ),
        _json_response(
            match(_absent(_LENGTH)),
            411,
            "proxy: expected a Content-Length, got a body of unknown length; send the length.",
        ),
        _json_response(
            match({**body, "invert_match": True}),
            413,
            f"proxy: expected a body of at most {api.largest_body_bytes} bytes, got more; send less "
            "at a time, or compressed audio.",
        ),
        _json_response(
            match(),
            413,
            f"proxy: expected at most {api.largest_json_bytes} bytes of JSON, got more; send tensors "
            "as binary data (Inference-Header-Content-Length).",
        ),
    ]


def grpc_routes(api: PublicApi, target: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the routes of the gRPC port; `target` is the action of those that are open."""
    check = {
        "@type": f"{_TYPE}.lua.v3.LuaPerRoute",
        "source_code": {"inline_string": Path(__file__).with_name("grpc_access.lua").read_text("utf-8")},
        "filter_context": {
            "pipelines": api.names,
            "largest_message_bytes": api.largest_body_bytes,
            "expected": api.refusal,
        },
    }
    return [
        *(
            {
                "match": {"path": path},
                "route": target,
                "request_headers_to_remove": [_CRASHING_HEADER],
                "typed_per_filter_config": {LUA: check},
            }
            for path in _MODEL_CALLS
        ),
        *({"match": {"path": path}, "route": target} for path in _SERVER_CALLS),
        # For gRPC callers Envoy turns 403 into PERMISSION_DENIED.
        _response({"prefix": "/"}, 403, api.refusal),
    ]


def metrics_routes(target: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the routes of the metrics port."""
    return [
        {"match": {"path": "/metrics", "headers": [_GET]}, "route": target},
        _json_response({"prefix": "/"}, 403, "proxy: expected GET /metrics, got another request."),
    ]


def gateway_routes(target: dict[str, Any], served: bool) -> list[dict[str, Any]]:
    """Return the routes of the gateway's port: it decides itself who may do what.

    Args:
        target: the action.
        served: whether the release has a gateway; otherwise callers get the reason.
    """
    if served:
        return [{"match": {"prefix": "/"}, "route": target}]
    return [_json_response({"prefix": "/"}, 503, "proxy: the serving release has no gateway.")]


def _up_to(header: str, most: int) -> dict[str, Any]:
    return {"name": header, "range_match": {"start": 0, "end": most + 1}}


def _absent(header: str) -> dict[str, Any]:
    return {"name": header, "present_match": False}


def _response(match: dict[str, Any], status: int, body: str) -> dict[str, Any]:
    return {"match": match, "direct_response": {"status": status, "body": {"inline_string": body}}}


def _json_response(match: dict[str, Any], status: int, reason: str) -> dict[str, Any]:
    """Return a route that responds in the form of Triton's errors."""
    content_type = {
        "header": {"key": "content-type", "value": "application/json"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
    return {
        **_response(match, status, json.dumps({"error": reason})),
        "response_headers_to_add": [content_type],
    }
