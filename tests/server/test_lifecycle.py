"""Starting, stopping and what the launcher says when it cannot."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import tritonclient.grpc as triton
import tritonclient.http as triton_http
from google.protobuf import json_format
from tritonclient.utils import InferenceServerException

from tritone.errors import PortInUseError, StartupError
from tritone.repository.configs import read_repositories
from tritone.server import Ports, ServerOptions, TritonServer
from tritone.server.installation import find_installation
from tritone.server.onnxruntime import require_min_version
from tritone.server.options import REPOSITORIES

from .conftest import NATIVE, ROOT, batch, tensor

MODELS = [folder for folder in read_repositories(REPOSITORIES) if folder.config_path.name == "config.pbtxt"]


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_live_metadata_equals_the_committed_config(client, folder):
    live = client.get_model_metadata(folder.name)
    batched = folder.config.max_batch_size > 0
    for side, declared in (("inputs", folder.inputs), ("outputs", folder.outputs)):
        served = {tensor.name: (tensor.datatype, tuple(tensor.shape)) for tensor in getattr(live, side)}
        assert served == {
            name: (spec.dtype, ((-1,) if batched else ()) + spec.dims) for name, spec in declared.items()
        }
    config = client.get_model_config(folder.name).config
    assert config.max_batch_size == folder.config.max_batch_size
    committed = json_format.MessageToDict(folder.config).get("parameters", {})
    assert committed.items() <= json_format.MessageToDict(config).get("parameters", {}).items()


def test_model_control_and_log_settings_are_locked(server, client):
    def refused(change, *arguments):
        with pytest.raises(InferenceServerException):
            change(*arguments)

    with triton_http.InferenceServerClient(server.http_url) as http:
        for protocol in (client, http):
            refused(protocol.unload_model, "punctuate")
            refused(protocol.update_log_settings, {"log_verbose_level": 1})
    assert client.is_model_ready("punctuate")


def test_taken_port_is_refused_before_anything_starts():
    ports = Ports.free()
    with (
        socket.create_server(("127.0.0.1", ports.grpc)),
        pytest.raises(PortInUseError, match=f"gRPC port {ports.grpc}"),
    ):
        TritonServer(ServerOptions(ports=ports)).start()


def test_model_that_cannot_load_is_explained_from_the_log(tmp_path):
    repository = shutil.copytree(ROOT / "model_repository", tmp_path / "models", ignore=keep_only)
    config = repository / "punctuation_bert/config.pbtxt"
    config.write_text(config.read_text().replace("[ -1, 4 ]", "[ -1, 7 ]"))
    ours, triton_s = (
        r"output 'punct_logits'.*\[-1, -1, 7\].*\[-1, -1, 4\]",
        r"'punct_logits'.*\[-1,-1,4\].*\[-1,-1,7\]",
    )
    with pytest.raises(StartupError, match=triton_s if NATIVE else ours):
        TritonServer(ServerOptions(repositories=[repository], ports=Ports.free())).__enter__()


def keep_only(folder, names):
    return [name for name in names if folder.endswith("model_repository") and name != "punctuation_bert"]


def too_old_for_int8():
    try:
        require_min_version(REPOSITORIES, "int8", find_installation())
    except StartupError as error:
        return str(error)
    return ""


@pytest.mark.skipif(bool(too_old_for_int8()), reason=too_old_for_int8())
def test_int8_variant_is_served_by_name_and_hears_nearly_the_same(infer, recordings):
    options = ServerOptions(ports=Ports.free(), model_config_name="int8")
    clip = max(recordings.values(), key=len)
    with TritonServer(options) as server, triton.InferenceServerClient(server.grpc_url) as client:
        config = client.get_model_config("asr_quartznet").config
        assert config.default_model_filename == "model_int8.onnx"
        int8 = client.infer("asr_windows", [tensor(*item) for item in batch(clip).items()]).as_numpy(
            "log_probs"
        )
    exact = infer("asr_windows", **batch(clip))["log_probs"]
    assert not np.array_equal(int8, exact)
    assert np.mean(int8.argmax(axis=2) == exact.argmax(axis=2)) > 0.9


@pytest.fixture
def foreground():
    """A server started as `make serve` does, its ports and its messages."""
    ports = Ports.free()
    flags = {"--http-port": ports.http, "--grpc-port": ports.grpc, "--metrics-port": ports.metrics}
    command = [
        sys.executable,
        "-m",
        "tritone.server",
        *(str(part) for flag in flags.items() for part in flag),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    lines = []
    threading.Thread(target=lambda: lines.extend(iter(process.stderr.readline, "")), daemon=True).start()
    wait_until(lambda: any("tritone: ready" in line for line in lines), process)
    yield process, ports, lines
    process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_finishes_requests_in_flight_and_exits_cleanly(foreground, number):
    process, ports, lines = foreground
    minutes = np.random.default_rng(0).normal(0, 0.1, 16_000 * 60 * 30).astype(np.float32)
    answers = []

    def recognise():
        with triton.InferenceServerClient(f"127.0.0.1:{ports.grpc}") as client:
            inputs = [tensor(*item) for item in batch(minutes).items()]
            answers.append(client.infer("speech_to_text", inputs, parameters={"vad": "off"}))

    def windows_recognised():
        with triton.InferenceServerClient(f"127.0.0.1:{ports.grpc}") as client:
            (model,) = client.get_inference_statistics("asr_quartznet").model_stats
        return model.inference_count

    before = windows_recognised()
    caller = threading.Thread(target=recognise)
    caller.start()
    while windows_recognised() == before and caller.is_alive():  # sending half an hour takes a while
        time.sleep(0.05)
    assert not answers  # still running
    process.send_signal(number)
    caller.join(60)
    assert answers, "the request in flight was not finished\n" + "".join(lines)
    assert process.wait(60) == 0
    assert "running requests are finished first" in "".join(lines)


def test_killed_launcher_leaves_no_server_behind(foreground):
    process, ports, _ = foreground
    process.kill()
    process.wait()
    wait_until(lambda: not listens(ports.grpc))


def wait_until(condition, process=None, timeout_s=60):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert process is None or process.poll() is None, "the server ended"
        assert time.monotonic() < deadline
        time.sleep(0.1)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
