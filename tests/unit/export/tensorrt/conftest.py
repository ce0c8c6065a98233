import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from polygraphy.backend.onnxrt import OnnxrtRunner, SessionFromOnnx

from export.families import engine_models
from export.recognition.engine import AcousticEngine
from export.tensorrt import builder, verification
from export.tensorrt.making import BuildContext
from export.tensorrt.record import BuildOptions, Device
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.store import Store
from tests.unit.export.tensorrt import fake_tensorrt

ROOT = Path(__file__).resolve().parents[4]
MODELS = [model for model in engine_models() if (ROOT / "model_repository" / model.name).is_dir()]
NAMES = [model.name for model in MODELS]
DEVICE = Device("NVIDIA L4", "8.9", "10.16.1.11", "560.35")


@pytest.fixture
def bundled():
    """The committed repository, to read."""
    return RepositoryVersion(ROOT / "model_repository")


@pytest.fixture
def repository(tmp_path):
    """A copy of it, to change."""
    copy = tmp_path / "model_repository"
    shutil.copytree(ROOT / "model_repository", copy, ignore=shutil.ignore_patterns("*int8*", "__pycache__"))
    return RepositoryVersion(copy)


class Engine(OnnxrtRunner):
    """ONNX Runtime in the engine's place, as fast as a test wants, with outputs scaled by a factor."""

    speed, factor = 1000.0, 1.0

    def infer_impl(self, feed_dict):
        outputs = super().infer_impl(feed_dict)
        self.inference_time /= self.speed
        for array in outputs.values():
            if array.dtype.kind == "f":
                array *= self.factor
        return outputs


@pytest.fixture
def trt(monkeypatch):
    """Polygraphy builds with the fake, whose plans ONNX Runtime runs."""
    monkeypatch.setitem(sys.modules, "tensorrt", fake_tensorrt)
    monkeypatch.setattr(builder, "engine_runner", lambda plan, profile: Engine(SessionFromOnnx(plan)))
    monkeypatch.setattr(verification, "ROUNDS", 1)
    fake_tensorrt.state.reset()
    return fake_tensorrt


@pytest.fixture
def engine_does(monkeypatch):
    """Return a function that changes the engines' speed or the factor of their outputs."""
    return lambda **changes: [monkeypatch.setattr(Engine, name, value) for name, value in changes.items()]


@pytest.fixture
def context(trt, tmp_path):
    return BuildContext(trt, DEVICE, BuildOptions(), Store(tmp_path / "cache"), lambda line: None)


@pytest.fixture
def edit(repository):
    """Return a function that replaces a piece of a file of the repository."""

    def replace(path, old, new):
        file = repository.root / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return replace


@pytest.fixture
def window(edit):
    """Return a function that sets the longest window of recognition, in seconds."""

    def replace(window_s):
        edit(
            "asr_windows/config.pbtxt",
            'key: "window_s" value: { string_value: "30" }',
            f'key: "window_s" value: {{ string_value: "{window_s}" }}',
        )

    return replace


@pytest.fixture
def quick(monkeypatch):
    """Verify the acoustic model with short features."""

    def features(self, repository, reference):
        rng = np.random.default_rng(0)
        length = np.array([[128], [70], [1]])
        return {"features": rng.normal(0, 1, (3, 64, 128)).astype(np.float32), "features_length": length}

    monkeypatch.setattr(AcousticEngine, "arrays", features)
