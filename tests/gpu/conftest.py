"""Tests on a machine with an NVIDIA GPU, in the image that builds engines; skipped elsewhere, saying why."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from export.errors import DeviceError
from export.tensorrt.library import find_device, load_tensorrt
from export.tensorrt.making import BuildContext
from export.tensorrt.record import BuildOptions
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.store import Store

ROOT = Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption(
        "--engine-cache",
        type=Path,
        default=ROOT / ".cache/engines",
        help="folder that keeps engines between runs",
    )


@pytest.fixture(scope="session")
def repository(tmp_path_factory):
    """A copy of the bundled models, to install engines into."""
    copy = tmp_path_factory.mktemp("engines") / "model_repository"
    shutil.copytree(
        ROOT / "model_repository", copy, ignore=shutil.ignore_patterns("model.plan*", "__pycache__")
    )
    return RepositoryVersion(copy)


@pytest.fixture(scope="session")
def context(request):
    try:
        trt = load_tensorrt()
        device = find_device(trt)
    except DeviceError as error:
        pytest.skip(str(error))
    return BuildContext(trt, device, BuildOptions(), Store(request.config.getoption("--engine-cache")))
