"""The gateway of a release: its port, its scripts, its key, its routes at the proxy."""

from __future__ import annotations

import io
import json
import shlex
from dataclasses import replace

import pytest

from deploy.errors import UsageError
from deploy.layout import NodeLayout
from deploy.options import Destination, ReleaseOptions
from deploy.progress import Progress
from deploy.proxy_config import GATEWAY, bootstrap, clusters, routes
from deploy.proxy_routes import PublicApi
from deploy.release import gateway_port, release
from deploy.smoke import SmokeTest, demo_recordings
from deploy.state import ProxySettings, Release, from_json, to_json
from deploy.tree import ROOT
from tritone.server import Ports

from .releases import a_release

SETTINGS = ProxySettings("127.0.0.1", Ports(8000, 8001, 8002), "process", "envoy", gateway_port=8080)
WITH = a_release(gateway_port=18003)
WITHOUT = a_release("older")


def dry_run(**changes):
    printed = io.StringIO()
    options = ReleaseOptions(ROOT, SmokeTest(demo_recordings()), **changes)
    release(Destination("user@node", dry_run=True), options, Progress(commands=True, stream=printed))
    return printed.getvalue()


def listeners(settings):
    found = json.loads(bootstrap(settings, NodeLayout("/r")))["static_resources"]["listeners"]
    return {each["name"]: each for each in found}


def only_route(of):
    configuration = json.loads(routes(of, GATEWAY, PublicApi(())))
    assert configuration["version_info"] == of.id
    (route,) = configuration["resources"][0]["virtual_hosts"][0]["routes"]
    return route


def test_proxy_listens_for_the_gateway_with_websockets_and_the_callers_address():
    listener = listeners(SETTINGS)[GATEWAY]
    assert listener["address"]["socket_address"]["port_value"] == 8080
    manager = listener["filter_chains"][0]["filters"][-1]["typed_config"]
    assert manager["upgrade_configs"] == [{"upgrade_type": "websocket"}]
    assert manager["use_remote_address"] is True  # otherwise callers choose what is logged
    assert "request_timeout" not in manager  # a WebSocket is a request that does not end
    assert GATEWAY not in listeners(replace(SETTINGS, gateway_port=None))


def test_every_path_leads_to_the_gateway_of_the_release():
    named = {each["name"] for each in json.loads(clusters([WITH, WITHOUT]))["resources"]}
    route = only_route(WITH)
    assert route["match"] == {"prefix": "/"}
    assert route["route"]["cluster"] in named
    assert sum(name.startswith(GATEWAY) for name in named) == 1


def test_release_without_a_gateway_says_so():
    answer = only_route(WITHOUT)["direct_response"]
    assert answer["status"] == 503
    assert "no gateway" in answer["body"]["inline_string"]


def test_records_of_nodes_from_before_the_gateway_can_be_read():
    record = json.loads(to_json(WITHOUT))
    del record["gateway_port"]
    assert from_json(Release, json.dumps(record)) == WITHOUT
    settings = json.loads(to_json(SETTINGS))
    del settings["gateway_port"]
    assert from_json(ProxySettings, json.dumps(settings)).public_ports == (8000, 8001, 8002)


def test_port_of_the_gateway_is_beside_those_of_its_server_and_free():
    assert gateway_port(Ports(18000, 18001, 18002), set()) == 18003
    assert gateway_port(Ports(18000, 18001, 18002), {18003, 18004}) == 18005


@pytest.mark.parametrize("port", [8000, 70_000, -1])
def test_port_in_use_by_the_server_or_impossible_is_refused(port):
    with pytest.raises(UsageError, match="--gateway-port: expected one from 1 to 65535"):
        ReleaseOptions(ROOT, SmokeTest([]), gateway_port=port)


def test_process_gets_its_options_through_the_launcher_and_asks_for_keys():
    text = dry_run(gateway_options="--retention-days 30")
    (start,) = {line for line in text.splitlines() if "setsid" in line and "--gateway=" in line}
    words = shlex.split(start.partition("setsid ")[2].partition(" >")[0])
    (given,) = [word.partition("=")[2] for word in words if word.startswith("--gateway=")]
    options = shlex.split(given)
    assert {"--require-keys", "--retention-days", "30"} <= set(options)
    assert options[options.index("--gateway-address") + 1] == "127.0.0.1"
    assert "TRITONE_DATA_FOLDER=/home/USER/tritone/gateway-data" in start
    assert "/health/ready until ready" in text
    assert "keys list --json" in text


def test_container_of_the_gateway_is_restricted_and_stops_before_the_server():
    text = dry_run(runtime="container")
    assert "--target gateway --tag tritone-gateway:" in text
    (start,) = [line for line in text.splitlines() if "docker run --detach --name tritone-gateway-" in line]
    for words in ("--read-only", "--cap-drop ALL", "no-new-privileges", "--require-keys", "--network host"):
        assert words in start
    stop, stopping = text[text.index("/stop becomes") :], "docker stop --time 90 tritone-"
    assert stop.index(f"{stopping}gateway-") < stop.index(f"{stopping}2")


def test_nothing_of_it_is_deployed_on_request():
    text = dry_run(gateway_port=None)
    assert "--gateway=" not in text
    assert "keys list" not in text
