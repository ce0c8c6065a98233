"""Two versions of a checkpoint on one running server: traffic moves between them without a failed request."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
import tritonclient.grpc as triton
from onnx import helper
from tritonclient.utils import InferenceServerException
from tritone_client import Client

from tritone.repository.versions.__main__ import main
from tritone.server import Ports, ServerOptions, TritonServer

from .conftest import ROOT, batch, tensor, text

MODELS = [
    *("asr_features", "asr_quartznet", "asr_windows", "asr_ctc_decoder"),
    *("punctuation_bert", "punctuation_windows", "written_form", "text_validator"),
    "voice_activity",
]
ASKED = "how are you today i am fine"
BY_VERSION = {"How are you today? I am fine.": 1, "how Are You Today? i Am Fine.": 2}
KEY = "a key for this test"


@pytest.fixture(scope="module")
def repositories(tmp_path_factory):
    """Recognition and punctuation, with a version 2 of the latter whose network turns capitals round."""
    root = tmp_path_factory.mktemp("versions")
    for model in MODELS:
        shutil.copytree(ROOT / "model_repository" / model, root / "models" / model)
    for pipeline in ("punctuate", "speech_to_text"):
        shutil.copytree(ROOT / "ensembles" / pipeline, root / "ensembles" / pipeline)
    for model in MODELS[:-3]:
        shutil.copytree(root / "models" / model / "1", root / "models" / model / "2")
    path = root / "models/punctuation_bert/2/model.onnx"
    graph = onnx.load(path)
    for node in graph.graph.node:
        node.output[:] = ["turned" if name == "capit_logits" else name for name in node.output]
    graph.graph.node.append(helper.make_node("Neg", ["turned"], ["capit_logits"]))
    onnx.save(graph, path)
    return [root / "models", root / "ensembles"]


@pytest.fixture(scope="module")
def server(repositories, tmp_path_factory):
    log = tmp_path_factory.mktemp("server") / "tritonserver.log"
    options = ServerOptions(repositories=repositories, ports=Ports.free(), admin_key=KEY, exit_timeout_s=3)
    with TritonServer(options, log=log) as running:
        yield running


@pytest.fixture
def versions(server, repositories, monkeypatch):
    """Return the command: does one step on the running server, gives its exit code."""
    monkeypatch.setenv("TRITONE_ADMIN_KEY", KEY)
    where = [part for path in repositories for part in ("--model-repository", str(path))]
    return lambda *step: main([*step, *where, "--server", server.http_url])


class Caller:
    """Calls a pipeline all the time, from several threads, and keeps what it was answered."""

    def __init__(self, url, threads=3):
        self.answers: list[int | str] = []  # the version that answered, or the error
        self._url = url
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        self.wait_for(10)
        return self

    def __exit__(self, *error):
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _call(self):
        with triton.InferenceServerClient(self._url) as client:
            while not self._stopping.is_set():
                try:
                    self.answers.append(version_that_answers(client))
                except InferenceServerException as error:
                    self.answers.append(str(error))

    def wait_for(self, count, timeout_s=30):
        """Return what the next requests are answered, those under way left out."""
        start, deadline = len(self.answers) + len(self._threads), time.monotonic() + timeout_s
        while len(self.answers) < start + count:
            assert time.monotonic() < deadline, "no answers"
            time.sleep(0.02)
        return Counter(self.answers[start:])


def version_that_answers(client, pipeline="punctuate"):
    answer = client.infer(pipeline, [tensor("transcript", text(ASKED))]).as_numpy("text")[0, 0].decode()
    return BY_VERSION.get(answer, answer)


@pytest.fixture
def punctuate(server):
    with triton.InferenceServerClient(server.grpc_url) as client:
        yield lambda pipeline="punctuate": version_that_answers(client, pipeline)


def test_traffic_moves_there_and_back_without_a_failed_request(server, versions, punctuate, capsys):
    assert punctuate() == 1
    with Caller(server.grpc_url) as caller:
        assert versions("serve", "punctuation", "2") == 0
        assert set(caller.wait_for(50)) == {1}  # served, warmed up, and nobody is sent there
        with Client(server.grpc_url, canary=True) as canary:
            assert BY_VERSION[canary.punctuate(ASKED)] == 2

        assert versions("show") == 0
        shown = capsys.readouterr().out
        assert [line.split()[-1] for line in shown.splitlines()[-2:]] == ["ready", "ready"]
        assert "canaries" in shown.splitlines()[-1]

        assert versions("move", "punctuation", "2") == 0
        assert set(caller.wait_for(50)) == {2}
        assert versions("move", "punctuation", "1") == 0
        assert set(caller.wait_for(50)) == {1}

        assert versions("drop", "punctuation", "2") == 0
        assert set(caller.wait_for(50)) == {1}
    assert set(caller.answers) == {1, 2}
    with pytest.raises(InferenceServerException, match="punctuate_canary"):
        punctuate("punctuate_canary")


def test_recording_under_way_is_finished_by_the_version_that_it_began_with(server, versions, punctuate):
    assert versions("serve", "asr", "2") == 0
    for minutes in (5, 20, 80):  # until one takes longer than the move
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(recognise_noise, server.grpc_url, minutes)
            time.sleep(0.5)
            assert versions("move", "asr", "2") == 0
            if not answer.done():
                assert versions("drop", "asr", "1") == 0
                assert answer.result(timeout=300)
                break
        assert versions("move", "asr", "1") == 0
    else:
        pytest.fail("every recording was finished before the move")
    assert versions("serve", "asr", "1") == 0
    assert versions("move", "asr", "1") == 0
    assert versions("drop", "asr", "2") == 0


def recognise_noise(url, minutes):
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000 * 60 * minutes).astype(np.float32)
    with triton.InferenceServerClient(url) as client:
        inputs = [tensor(*item) for item in batch(noise).items()]
        return client.infer("speech_to_text", inputs, parameters={"vad": "off"}).as_numpy("text").size == 1


def test_version_that_cannot_be_loaded_changes_nothing(server, repositories, versions, punctuate, capsys):
    """The check sees no fault in a sidecar's contents; the server does."""
    sidecar = repositories[0] / "punctuation_windows/2/punctuation.json"
    good, configs = sidecar.read_text(), read_configs(repositories)
    sidecar.write_text("{}")
    with Caller(server.grpc_url) as caller:
        assert versions("serve", "punctuation", "2") == 1
        caller.wait_for(20)
    sidecar.write_text(good)
    assert "punctuation.json: expected the fields" in capsys.readouterr().err
    assert set(caller.answers) == {1}
    assert read_configs(repositories) == configs
    assert versions("serve", "punctuation", "2") == 0  # nothing of the failure is left on the server
    assert punctuate("punctuate_canary") == 2
    assert versions("drop", "punctuation", "2") == 0


def test_wrong_key_changes_nothing(server, repositories, versions, monkeypatch, capsys):
    configs = read_configs(repositories)
    monkeypatch.setenv("TRITONE_ADMIN_KEY", "another")
    assert versions("serve", "punctuation", "2") == 1
    assert "model control needs the key" in capsys.readouterr().err
    assert read_configs(repositories) == configs


def read_configs(repositories):
    return {path: path.read_text() for root in repositories for path in root.rglob("*.pbtxt")}
