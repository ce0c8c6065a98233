"""The real Triton server, started once for all server tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tritonclient.grpc as triton

from tritone.server import Ports, ServerOptions, TritonServer

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT / "demo/recordings"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    log = tmp_path_factory.mktemp("server") / "tritonserver.log"
    with TritonServer(ServerOptions(ports=Ports.free()), log=log) as running:
        yield running


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Show the end of the server's log with every failure."""
    report = (yield).get_result()
    running = getattr(item, "funcargs", {}).get("server")
    if report.failed and running is not None and running.log.exists():
        tail = running.log.read_text(errors="replace").splitlines()[-25:]
        report.sections.append(("tritonserver log (end)", "\n".join(tail)))


@pytest.fixture(scope="session")
def client(server):
    with triton.InferenceServerClient(server.grpc_url) as connected:
        yield connected


@pytest.fixture(scope="session")
def infer(client):
    """Return a function that calls a model with numpy arrays and gives its outputs by name."""

    def call(model, **arrays):
        result = client.infer(model, [tensor(name, array) for name, array in arrays.items()])
        return {output.name: result.as_numpy(output.name) for output in result.get_response().outputs}

    return call


def tensor(name, array):
    dtypes = {"f": "FP32", "i": "INT64", "O": "BYTES"}
    made = triton.InferInput(name, list(array.shape), dtypes[array.dtype.kind])
    made.set_data_from_numpy(array)
    return made


def batch(*rows):
    """Zero-pad rows of samples to the tensors of speech_to_text."""
    audio = np.zeros((len(rows), max(row.size for row in rows)), np.float32)
    for target, row in zip(audio, rows, strict=True):
        target[: row.size] = row
    return {"audio": audio, "audio_length": np.array([[row.size] for row in rows], np.int64)}


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return np.array([[data]], dtype=object)


@pytest.fixture(scope="session")
def recordings():
    """The sample recordings as 16 kHz mono samples, by file name."""
    from tritone.audio.decoding import decode_audio

    files = sorted(path for path in RECORDINGS.iterdir() if path.suffix in (".wav", ".flac", ".ogg", ".mp3"))
    return {path.name: decode_audio(path.read_bytes(), 600) for path in files}
