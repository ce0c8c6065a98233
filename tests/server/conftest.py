"""Clients of the real Triton server, and what its tests share."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import np_to_triton_dtype

from export.recognition.recordings import AUDIO_SUFFIXES
from tritone.server.installation import find_installation

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT / "demo/recordings"
# Triton's own ONNX Runtime backend runs graphs inside the server, the stand-in in processes of their own.
NATIVE = find_installation().has_native_onnxruntime
stand_in_only = pytest.mark.skipif(
    NATIVE, reason="holds for the stand-in: this server's own backend runs graphs"
)


@pytest.fixture(scope="session")
def client(server):
    with triton.InferenceServerClient(server.grpc_url) as connected:
        yield connected


@pytest.fixture(scope="session")
def infer(client):
    """Return a function that calls a model with numpy arrays and gives its outputs by name."""

    def call(model, parameters=None, **arrays):
        inputs = [tensor(name, array) for name, array in arrays.items()]
        result = client.infer(model, inputs, parameters=parameters)
        return {output.name: result.as_numpy(output.name) for output in result.get_response().outputs}

    return call


def tensor(name, array, protocol=triton):
    made = protocol.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    made.set_data_from_numpy(array)
    return made


def batch(*rows):
    """Zero-pad rows of samples to the tensors of speech_to_text."""
    audio = np.zeros((len(rows), max(row.size for row in rows)), np.float32)
    for target, row in zip(audio, rows, strict=True):
        target[: row.size] = row
    return {"audio": audio, "audio_length": np.array([[row.size] for row in rows], np.int64)}


def normalised(outputs):
    """Return what the acoustic model takes of the outputs of `asr_features`; the rest is for streams."""
    return {name: outputs[name] for name in ("features", "features_length")}


def text(*values):
    """Texts, or bytes, as a BYTES tensor of one row each."""
    rows = [[value if isinstance(value, bytes) else value.encode()] for value in values]
    return np.array(rows, dtype=object)


def settled(count):
    """Return a counter's value once it has stayed the same for a second."""
    while (before := count()) is not None:
        time.sleep(1)
        if count() == before:
            return before


@pytest.fixture(scope="session")
def recordings():
    """The sample recordings as 16 kHz mono samples, by file name."""
    from tritone.audio.decoding import decode_audio

    files = sorted(path for path in RECORDINGS.iterdir() if path.suffix in AUDIO_SUFFIXES)
    return {path.name: decode_audio(path.read_bytes(), 600) for path in files}
