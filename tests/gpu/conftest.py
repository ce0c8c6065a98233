"""Tests on a machine with an NVIDIA GPU, in the image that makes engines; elsewhere skipped, saying why."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from export.errors import DeviceError
from export.tensorrt.cuda import Cuda
from export.tensorrt.library import find_device, load_tensorrt
from export.tensorrt.making import Workshop
from export.tensorrt.record import BuildOptions
from export.tensorrt.repository import Repository
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
def trt():
    try:
        return load_tensorrt()
    except DeviceError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def cuda():
    try:
        return Cuda()
    except DeviceError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def repository(tmp_path_factory):
    """A copy of the bundled models, for engines to be put into."""
    copy = tmp_path_factory.mktemp("engines") / "model_repository"
    shutil.copytree(
        ROOT / "model_repository", copy, ignore=shutil.ignore_patterns("model.plan*", "__pycache__")
    )
    return Repository(copy)


@pytest.fixture(scope="session")
def workshop(request, trt, cuda, repository):
    cache = request.config.getoption("--engine-cache")
    return Workshop(trt, cuda, find_device(trt, cuda), BuildOptions(), repository, Store(cache))
