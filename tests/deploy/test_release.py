"""Releases on a real node: the first, the next under load, rollbacks, broken and interrupted ones."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import signal
import threading
import time
import urllib.request
from dataclasses import dataclass, replace

import httpx
import numpy as np
import onnx
import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from onnx import numpy_helper
from tritone_client import Client
from websockets.sync.client import connect

from deploy.layout import NodeLayout
from deploy.options import Destination, Timeouts
from deploy.progress import Progress
from deploy.proxy import Proxy
from deploy.session import connected, locked
from deploy.smoke import SmokeTest
from tritone.server import Ports

from .callers import RECORDINGS, Callers
from .conftest import serve, stop_all


def test_first_deploy_serves_on_the_public_ports(served):
    state = served.state()
    assert state["ready"]
    assert state["current"] == served.current
    assert served.running() == [served.current]
    with Client(f"127.0.0.1:{served.ports.grpc}") as client:
        assert client.health().ok
        assert client.transcribe(RECORDINGS[0]).transcript
    with urllib.request.urlopen(f"http://127.0.0.1:{served.ports.metrics}/metrics") as answer:
        assert b"nv_inference_request_success" in answer.read()


def test_gateway_answers_on_its_public_port_to_callers_with_the_first_key(served):
    address = f"127.0.0.1:{served.gateway_port}"
    assert httpx.get(f"http://{address}/health/ready").status_code == 200
    assert httpx.get(f"http://{address}/v1/models").status_code == 401
    allowed = {"Authorization": f"Bearer {served.gateway_key}"}
    assert httpx.get(f"http://{address}/v1/models", headers=allowed).status_code == 200
    data = served.root / "gateway-data"
    assert data.stat().st_mode & 0o077 == 0
    assert any(data.iterdir())
    query = "encoding=linear16&sample_rate=16000"
    with connect(f"ws://{address}/v1/listen?{query}", additional_headers=allowed) as live:
        live.send(bytes(32_000))
        live.send(json.dumps({"type": "CloseStream"}))
        assert "Metadata" in {json.loads(message)["type"] for message in live}


@dataclass(frozen=True)
class Switches:
    """Observations while a node was switched to a new release and back."""

    callers: Callers
    connections: list[set[int]]  # local ports of the gRPC client before, after the deploy, after the rollback
    deployed: str  # the deploy's output
    before: str  # id of the first serving release
    after: str  # id of the deployed release
    servers: list[list[str]]  # releases with a running server after the deploy, after the rollback


@pytest.fixture(scope="module")
def switches(node):
    serve(node)
    before = node.current
    with Callers(node) as callers:
        answered(callers)
        connections = [callers.connections()]
        deployed = node.deploy("release")
        assert deployed.returncode == 0, deployed.stdout + deployed.stderr
        after, servers = node.current, [node.running()]
        answered(callers)
        connections.append(callers.connections())
        back = node.deploy("rollback")
        assert back.returncode == 0, back.stdout + back.stderr
        servers.append(node.running())
        answered(callers)
        connections.append(callers.connections())
    return Switches(callers, connections, deployed.stdout, before, after, servers)


def test_callers_see_no_failed_request_through_deploy_and_rollback(switches):
    assert switches.callers.failures == []
    assert min(switches.callers.answers.values()) > 5


def test_open_grpc_connection_survives_deploy_and_rollback(switches):
    before, *later = switches.connections
    assert before
    assert later == [before, before]


def test_only_the_serving_release_runs_after_a_switch(switches, node):
    assert switches.after != switches.before
    assert switches.servers == [[switches.after], [switches.before]]


def test_rollback_can_be_reverted(switches, node):
    assert (node.root / "previous").readlink().name == switches.after


def test_unchanged_files_are_linked_not_sent(switches, node):
    assert re.search(r"\b0 of \d+ files sent", switches.deployed)
    name = "tree/model_repository/asr_quartznet/1/model.onnx"
    first, second = (node.root / "releases" / each / name for each in (switches.before, switches.after))
    assert first.samefile(second)


def test_draining_waits_for_requests_in_flight(served):
    progress, smoke_test = Progress(), SmokeTest([])
    target = Destination(served.host, str(served.root), served.ssh_arguments)
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000 * 60 * 20).astype(np.float32)
    with connected(target, smoke_test, progress) as (node, checks):
        layout = NodeLayout(str(served.root))
        with locked(node, layout, checks, progress, Timeouts()) as (session, state):
            release = state.find(state.current).release
            proxy = Proxy(session, state)
            assert proxy.active(release) == 0
            with Client(f"127.0.0.1:{served.ports.grpc}", timeout_s=300) as client:
                caller = threading.Thread(target=client.transcribe, args=[noise], kwargs={"vad": "off"})
                caller.start()
                wait_until(lambda: proxy.active(release) == 1)
                assert proxy.drained(release)
                assert proxy.active(release) == 0
                caller.join(30)
                assert not caller.is_alive()


@pytest.mark.parametrize("protocol", [triton_grpc, triton_http], ids=["grpc", "http"])
def test_hour_of_audio_passes_the_proxy(served, protocol):
    """230 MB in one request; most of it is padding, so that the test is fast."""
    port = served.ports.grpc if protocol is triton_grpc else served.ports.http
    audio = protocol.InferInput("audio", [1, 3600 * 16_000], "FP32")
    audio.set_data_from_numpy(np.zeros((1, 3600 * 16_000), np.float32))
    length = protocol.InferInput("audio_length", [1, 1], "INT64")
    length.set_data_from_numpy(np.array([[16_000]]))
    timeout = {} if protocol is triton_grpc else {"network_timeout": 300, "connection_timeout": 300}
    with protocol.InferenceServerClient(f"127.0.0.1:{port}", **timeout) as client:
        answer = client.infer("speech_to_text", [audio, length])
    assert answer.as_numpy("transcript").shape == (1, 1)


def test_streams_pass_the_proxy(served):
    answers = queue.Queue()
    with triton_grpc.InferenceServerClient(f"127.0.0.1:{served.ports.grpc}") as client:
        client.start_stream(lambda result, error: answers.put(error or result))
        transcript = triton_grpc.InferInput("transcript", [1, 1], "BYTES")
        transcript.set_data_from_numpy(np.array([[b"how are you"]], dtype=object))
        for _ in range(2):
            client.async_stream_infer("punctuate", [transcript])
        texts = [answers.get(timeout=60).as_numpy("text")[0, 0] for _ in range(2)]
        client.stop_stream()
    assert texts[0] == texts[1]


def test_release_with_a_corrupt_graph_does_not_replace_the_old_one(served, tmp_path):
    tree = copied(served, tmp_path)
    (tree / "model_repository/punctuation_bert/1/model.onnx").write_bytes(b"no graph")
    assert_refused(served, tree, ["is not in service", "punctuation_bert", "Leave the node"])


def test_release_that_recognises_nothing_does_not_replace_the_old_one(served, tmp_path):
    tree = copied(served, tmp_path)
    path = tree / "model_repository/asr_quartznet/1/model.onnx"
    graph = onnx.load(path)
    bias = next(each for each in graph.graph.initializer if each.name == "output.conv.bias")
    values = numpy_helper.to_array(bias).copy()
    values[-1] += 1000  # the blank
    bias.CopyFrom(numpy_helper.from_array(values.astype(np.float32), bias.name))
    onnx.save(graph, path)
    assert_refused(served, tree, ["smoke test: expected words in", "got none"])


def test_proxy_that_does_not_start_is_replaced_by_the_old_one(served, tmp_path):
    before = served.current
    envoy = tmp_path / "envoy"
    envoy.write_text('#!/bin/sh\ncase "$*" in *validate*) exit 0 ;; esac\necho no such library\nexit 1\n')
    envoy.chmod(0o755)
    done = served.deploy("release", "--envoy", envoy)
    assert done.returncode == 1
    assert "expected Envoy to start, it did not" in done.stderr
    assert "no such library" in done.stderr
    assert served.current == before
    assert served.running() == [before]
    wait_until(lambda: served.state()["ready"])
    assert_serves(served)


def test_proxy_is_not_changed_when_its_new_configuration_is_rejected(served, tmp_path):
    started_s = (served.root / "front/envoy.pid").stat().st_mtime
    done = served.deploy("release", "--envoy", "/bin/false")
    assert done.returncode == 1
    assert "Envoy rejects its configuration" in done.stderr
    assert (served.root / "front/envoy.pid").stat().st_mtime == started_s
    assert_serves(served)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_interrupted_deploy_leaves_the_old_release_serving_and_no_other_server(served, number):
    before = served.current
    deploy = served.start("release")
    wait_until(lambda: len(served.running()) == 2 or deploy.poll() is not None)
    assert deploy.poll() is None, deploy.communicate()[0]
    os.killpg(deploy.pid, number)
    code = deploy.wait(120)
    assert code == (130 if number == signal.SIGINT else -signal.SIGKILL), deploy.communicate()[0]
    wait_until(lambda: served.running() == [before])
    assert served.current == before
    assert_serves(served)
    wait_until(lambda: not (served.root / "lock.owner").exists())


def test_script_for_cron_starts_release_and_proxy(served):
    for script in (served.root / "current/stop", served.root / "front/stop"):
        os.system(f"sh {script}")
    assert not served.state()["ready"]
    assert os.system(f"sh {served.root}/up") == 0
    wait_until(lambda: served.state()["ready"])


def assert_refused(served, tree, messages):
    before = served.current
    started_s = (served.root / "current/server.pid").stat().st_mtime
    done = served.deploy("release", "--source", tree)
    assert done.returncode == 1, done.stdout + done.stderr
    for words in messages:
        assert words in done.stdout + done.stderr
    assert served.current == before
    assert served.running() == [before]
    assert (served.root / "current/server.pid").stat().st_mtime == started_s
    assert_serves(served)
    failed = served.state()["releases"][-1]
    assert failed["release"]["outcome"].startswith("failed: ")
    assert failed["started_s"] is None


def assert_serves(served):
    with Client(f"127.0.0.1:{served.ports.grpc}", retries=0) as client:
        assert client.transcribe(RECORDINGS[0]).transcript


def copied(served, folder):
    return shutil.copytree(served.root / "current/tree", folder / "tree")


def answered(callers):
    """Wait for another response over each protocol."""
    before = dict(callers.answers)
    wait_until(lambda: all(callers.answers[protocol] > count for protocol, count in before.items()))


def wait_until(condition, timeout_s=120):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_gateway_comes_to_a_node_without_one_and_goes_with_a_rollback(node):
    serve(node)
    other = replace(
        node,
        root=node.root.parent / "older",
        ports=Ports.free(),
        gateway_port=Ports.free().metrics,
        inner_port=node.inner_port + 1000,
    )
    address = f"http://127.0.0.1:{other.gateway_port}"
    try:
        first = other.deploy("release", "--gateway-port", 0)
        assert first.returncode == 0, first.stdout + first.stderr
        (
            other.root / "current/routes/gateway.json"
        ).unlink()  # as of a release from before there were gateways
        second = other.deploy("release")
        assert second.returncode == 0, second.stdout + second.stderr
        assert httpx.get(f"{address}/health/ready").status_code == 200
        back = other.deploy("rollback")
        assert back.returncode == 0, back.stdout + back.stderr
        refused = httpx.get(f"{address}/health/ready")
        assert refused.status_code == 503
        assert "no gateway" in refused.json()["error"]
    finally:
        stop_all(other.root)
