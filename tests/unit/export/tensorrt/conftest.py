import shutil
from pathlib import Path

import numpy as np
import pytest

from export.families import engine_models
from export.families.quartznet.engine import QuartzNetEngine
from export.tensorrt import making
from export.tensorrt.cuda import Cuda
from export.tensorrt.making import Workshop
from export.tensorrt.record import BuildOptions, Device
from export.tensorrt.repository import Repository
from export.tensorrt.store import Store
from tests.unit.export.tensorrt.fakes import FakeCuda, FakeTensorrt

ROOT = Path(__file__).resolve().parents[4]
MODELS = engine_models()
NAMES = [model.name for model in MODELS]
DEVICE = Device("NVIDIA L4", "8.9", "10.16.1.11", "560.35")


@pytest.fixture
def bundled():
    """The committed repository, to read."""
    return Repository(ROOT / "model_repository")


@pytest.fixture
def repository(tmp_path):
    """A copy of it, to change."""
    copy = tmp_path / "model_repository"
    shutil.copytree(ROOT / "model_repository", copy, ignore=shutil.ignore_patterns("*int8*", "__pycache__"))
    return Repository(copy)


@pytest.fixture
def trt():
    return FakeTensorrt()


@pytest.fixture
def workshop(trt, repository, tmp_path):
    said = []
    cuda: Cuda = FakeCuda(trt)
    return Workshop(trt, cuda, DEVICE, BuildOptions(), repository, Store(tmp_path / "cache"), said.append)


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
def quick(monkeypatch):
    """Verification with short features, and no measuring: the fake is slower than ONNX Runtime."""

    def features(self, repository, reference):
        rng = np.random.default_rng(0)
        length = np.array([[128], [70], [1]])
        return {"features": rng.normal(0, 1, (3, 64, 128)).astype(np.float32), "features_length": length}

    monkeypatch.setattr(QuartzNetEngine, "arrays", features)
    monkeypatch.setattr(making, "time_both", lambda sample, engine, graph: (1.0, 2.0))
