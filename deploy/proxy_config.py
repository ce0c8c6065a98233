"""Envoy's configuration: three listeners, whose routes and clusters are files that are replaced atomically.

The bootstrap does not depend on the release. Each release has its own routes, which define what is public and
point to its own clusters. Envoy reads them through the link `current`, and reads them again when the link is
replaced. Clients' connections belong to the listeners and stay open.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from deploy.layout import NodeLayout
from deploy.proxy_routes import (
    BUFFER,
    LUA,
    PublicApi,
    gateway_routes,
    grpc_routes,
    http_routes,
    metrics_routes,
)
from deploy.state import ProxySettings, Release

PROTOCOLS = ("http", "grpc", "metrics")
GATEWAY = "gateway"
# The models' queues decide how many requests may wait, and refuse with a reason.
_UNLIMITED = 1_000_000
# Retry only what no server has started: the connection was refused, the stream was refused before it was
# handled, or the connection closed before the request was written. UNAVAILABLE from the server is a response.
_RETRY = {"retry_on": "connect-failure,refused-stream,reset-before-request", "num_retries": 2}
# Open client connections, by protocol. A gRPC client needs one for all its requests.
CONNECTIONS = {"http": 1000, "grpc": 1000, "metrics": 50, GATEWAY: 2000}
_CONCURRENT_REQUESTS = 256  # on one connection; gRPC libraries queue further requests in the client
_HEADERS_KB = 32
_HEADERS_S = 10  # until all headers of a request have arrived
_BODY_S = 900  # until a whole request has arrived over HTTP; gRPC streams may stay open
_IDLE_CONNECTION_S = 600  # without any request
_IDLE_REQUEST_S = 3600  # without a byte in either direction; recognising an hour of audio takes less
_BUFFER_BYTES = 1 << 16  # upper bound of the buffer filter; routes set their own limits


def protocols(settings: ProxySettings) -> tuple[str, ...]:
    """Return the names of the proxy's listeners, in the order of its public ports."""
    return PROTOCOLS if settings.gateway_port is None else (*PROTOCOLS, GATEWAY)


def bootstrap(settings: ProxySettings, layout: NodeLayout) -> str:
    """Return the bootstrap as JSON."""
    listeners = [
        _listener(protocol, settings.address, port, layout)
        for protocol, port in zip(protocols(settings), settings.public_ports, strict=True)
    ]
    return _json(
        {
            "node": {"id": "tritone", "cluster": "tritone"},
            "admin": {"address": {"pipe": {"path": layout.admin_socket, "mode": 0o600}}},
            "static_resources": {"listeners": listeners},
            "dynamic_resources": {"cds_config": _file(path=f"{layout.front}/clusters.json")},
        }
    )


def clusters(releases: Sequence[Release]) -> str:
    """Return the clusters of the releases' servers as JSON."""
    resources = [
        _cluster(release, protocol, port) for release in releases for protocol, port in _inner_ports(release)
    ]
    return _json({"version_info": "+".join(release.id for release in releases), "resources": resources})


def routes(release: Release, protocol: str, api: PublicApi) -> str:
    """Return the routes to a release as JSON; their version is the release's id.

    Args:
        release: it serves the requests.
        protocol: one of PROTOCOLS, or GATEWAY.
        api: what is public.
    """
    target = {
        "cluster": cluster_name(release.id, protocol),
        "timeout": "0s",  # hours of audio take minutes; callers set their own deadlines
        "retry_policy": _RETRY,
    }
    found = {
        "http": lambda: http_routes(api, target),
        "grpc": lambda: grpc_routes(api, target),
        "metrics": lambda: metrics_routes(target),
        GATEWAY: lambda: gateway_routes(target, served=release.gateway_port is not None),
    }[protocol]()
    host = {"name": protocol, "domains": ["*"], "routes": found}
    configuration = _typed("config.route.v3.RouteConfiguration", name=protocol, virtual_hosts=[host])
    return _json({"version_info": release.id, "resources": [configuration]})


def _inner_ports(release: Release) -> list[tuple[str, int]]:
    """The servers of a release: protocol and port of each."""
    servers = list(zip(PROTOCOLS, astuple(release.ports), strict=True))
    return servers if release.gateway_port is None else [*servers, (GATEWAY, release.gateway_port)]


def cluster_name(release_id: str, protocol: str) -> str:
    """Return the name of a release's cluster."""
    return f"{protocol}_{release_id}"


def _listener(protocol: str, address: str, port: int, layout: NodeLayout) -> dict[str, Any]:
    socket: dict[str, object] = {"address": address, "port_value": port}
    if address == "::":
        socket["ipv4_compat"] = True  # otherwise Envoy listens on IPv6 addresses only
    limit = _typed(
        "extensions.filters.network.connection_limit.v3.ConnectionLimit",
        stat_prefix=protocol,
        max_connections=CONNECTIONS[protocol],
    )
    filters = [
        {"name": "envoy.filters.network.connection_limit", "typed_config": limit},
        {
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": _connection_manager(protocol, layout),
        },
    ]
    return {
        "name": protocol,
        "address": {"socket_address": socket},
        # TCP detects dead clients long before an idle request ends.
        "tcp_keepalive": {"keepalive_time": 120, "keepalive_interval": 30, "keepalive_probes": 4},
        "filter_chains": [{"filters": filters}],
    }


def _connection_manager(protocol: str, layout: NodeLayout) -> dict[str, Any]:
    limits: dict[str, object] = {"request_timeout": f"{_BODY_S}s"}
    if protocol == "grpc":
        limits = {}
    elif protocol == GATEWAY:
        # It limits slow uploads itself, and a WebSocket is a request that does not end. It notes who calls.
        limits = {"upgrade_configs": [{"upgrade_type": "websocket"}], "use_remote_address": True}
    source = _file(path=f"{layout.current}/routes/{protocol}.json", watched_directory={"path": layout.root})
    return _typed(
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=protocol,
        codec_type="HTTP2" if protocol == "grpc" else "AUTO",
        stream_idle_timeout=f"{_IDLE_REQUEST_S}s",
        request_headers_timeout=f"{_HEADERS_S}s",
        max_request_headers_kb=_HEADERS_KB,
        common_http_protocol_options={"idle_timeout": f"{_IDLE_CONNECTION_S}s", "max_headers_count": 100},
        http2_protocol_options={"max_concurrent_streams": _CONCURRENT_REQUESTS},
        # Routes compare paths literally, so each path must have only one spelling.
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action="REJECT_REQUEST",
        generate_request_id=False,
        server_header_transformation="PASS_THROUGH",
        **limits,
        rds={"route_config_name": protocol, "config_source": source},
        http_filters=_filters(protocol),
    )


def _filters(protocol: str) -> list[dict[str, Any]]:
    """Return the HTTP filters, disabled unless a route enables them, as routes of older releases do not."""
    http = "extensions.filters.http"
    found: list[dict[str, Any]] = []
    if protocol == "http":
        buffer = _typed(f"{http}.buffer.v3.Buffer", max_request_bytes=_BUFFER_BYTES)
        found.append({"name": BUFFER, "disabled": True, "typed_config": buffer})
    if protocol == "grpc":
        found.append({"name": LUA, "disabled": True, "typed_config": _typed(f"{http}.lua.v3.Lua")})
    router = _typed(f"{http}.router.v3.Router")
    return [*found, {"name": "envoy.filters.http.router", "typed_config": router}]


def _cluster(release: Release, protocol: str, port: int) -> dict[str, Any]:
    name = cluster_name(release.id, protocol)
    version = "http2_protocol_options" if protocol == "grpc" else "http_protocol_options"
    options = _typed("extensions.upstreams.http.v3.HttpProtocolOptions", explicit_http_config={version: {}})
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    unlimited = {name: _UNLIMITED for name in ("max_connections", "max_pending_requests", "max_requests")}
    return _typed(
        "config.cluster.v3.Cluster",
        name=name,
        type="STATIC",
        connect_timeout="5s",
        load_assignment={
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
        circuit_breakers={"thresholds": [{**unlimited, "max_retries": 100}]},
        upstream_connection_options={"tcp_keepalive": {"keepalive_time": 120}},
        typed_extension_protocol_options={
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options,
        },
    )


def _file(**source: object) -> dict[str, Any]:
    return {"resource_api_version": "V3", "path_config_source": source}


def _typed(kind: str, **fields: object) -> dict[str, Any]:
    return {"@type": f"type.googleapis.com/envoy.{kind}", **fields}


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1) + "\n"
