"""Threads, version and GPUs of the server's ONNX Runtime."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError

import onnx
import pytest

from tritone.errors import StartupError
from tritone.repository.configs import read_repositories
from tritone.server import onnxruntime
from tritone.server.environment import server_environment
from tritone.server.installation import Installation
from tritone.server.onnxruntime import (
    MIN_VERSION,
    idle_gpu_notice,
    native_version,
    require_min_version,
    thread_flags,
)
from tritone.server.options import REPOSITORIES

POOL = "--backend-config=onnxruntime,enable-global-threadpool=1"
THREADS = "--backend-config=onnxruntime,intra_op_thread_count="


@pytest.fixture
def native(tmp_path):
    """Return a function that lays out a server with a version of ONNX Runtime."""

    def install(version="1.24.4"):
        folder = tmp_path / "backends/onnxruntime"
        folder.mkdir(parents=True)
        (folder / "libtriton_onnxruntime.so").touch()
        (folder / f"libonnxruntime.so.{version}").touch()
        (folder / "libonnxruntime.so").symlink_to(f"libonnxruntime.so.{version}")
        return Installation(tmp_path / "bin/tritonserver", tmp_path / "backends", None, ())

    return install


@pytest.fixture
def stand_in(tmp_path):
    return Installation(tmp_path / "bin/tritonserver", tmp_path / "backends", tmp_path / "stubs", ())


def test_graphs_share_the_threads_they_are_given(native):
    assert thread_flags(native(), 3, ()) == [POOL, f"{THREADS}3"]


def test_graphs_share_half_of_the_cores_where_there_is_no_gpu(native, tmp_path):
    half = max(1, len(os.sched_getaffinity(0)) // 2)
    installed = native()
    (tmp_path / "dev").mkdir()
    assert thread_flags(installed, None, (), tmp_path / "dev") == [POOL, f"{THREADS}{half}"]
    (tmp_path / "dev/nvidiactl").touch()
    assert thread_flags(installed, None, (), tmp_path / "dev")  # a driver alone is no GPU
    (tmp_path / "dev/nvidia0").touch()
    assert thread_flags(installed, None, (), tmp_path / "dev") == []


def test_a_pool_without_threads_is_refused(native):
    with pytest.raises(StartupError, match="--graph-threads: expected 1 or more, got 0"):
        thread_flags(native(), 0, ())


@pytest.mark.parametrize("flag", ["--backend-config=onnxruntime,intra_op_thread_count=5"])
def test_flags_of_the_caller_win(native, flag):
    assert thread_flags(native(), 3, [flag]) == []


def test_the_stand_in_gets_no_flags(stand_in):
    assert thread_flags(stand_in, 3, ()) == []
    assert native_version(stand_in) is None
    require_min_version(REPOSITORIES, "int8", stand_in)


def test_version_is_that_of_the_library(native):
    assert native_version(native("1.19.2")) == "1.19.2"


@pytest.mark.parametrize("version", ["1.22.0", "1.24.4", "2.0.0"])
def test_variant_is_served_by_a_library_that_is_new_enough(native, version):
    require_min_version(REPOSITORIES, "int8", native(version))


@pytest.mark.parametrize("version", ["1.19.2", "1.9.0", "1.21.1"])
def test_variant_is_refused_before_the_start_with_the_remedy(native, version):
    installed = native(version)
    with pytest.raises(StartupError) as refused:
        require_min_version(REPOSITORIES, "int8", installed)
    assert str(refused.value) == (
        f"tts_tacotron2: expected ONNX Runtime 1.22 or newer for int8.pbtxt, the server has {version}; "
        "use a newer Triton, or serve another variant (--model-config-name)."
    )
    require_min_version(REPOSITORIES, None, installed)


def test_configs_of_8_bit_graphs_say_what_they_need():
    found = []
    for folder in read_repositories(REPOSITORIES):
        filename = folder.config.default_model_filename or "model.onnx"
        paths = [path for version in folder.versions if (path := version / filename).suffix == ".onnx"]
        if any(path.is_file() and has_8_bit_products(onnx.load(path).graph) for path in paths):
            found.append(folder.name)
            assert folder.config.parameters[MIN_VERSION].string_value == "1.22", folder.config_path
    assert found == ["tts_tacotron2"]


def has_8_bit_products(graph):
    """ONNX Runtime 1.22 was the first whose MatMulNBits takes 8 bits on CPUs."""
    for node in graph.node:
        attributes = {attribute.name: attribute for attribute in node.attribute}
        if node.op_type == "MatMulNBits" and attributes["bits"].i == 8:
            return True
        if any(has_8_bit_products(each.g) for each in attributes.values() if each.type == each.GRAPH):
            return True
    return False


def with_cuda_build(monkeypatch, installed):
    def version(name):
        if not installed:
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(onnxruntime, "version", version)


def test_gpus_are_hidden_from_a_server_whose_graphs_cannot_use_them(monkeypatch, stand_in, native):
    with_cuda_build(monkeypatch, installed=False)
    assert server_environment({}, stand_in)["CUDA_VISIBLE_DEVICES"] == ""
    assert "CUDA_VISIBLE_DEVICES" not in server_environment({}, native())
    with_cuda_build(monkeypatch, installed=True)
    assert server_environment({"CUDA_VISIBLE_DEVICES": "1"}, stand_in)["CUDA_VISIBLE_DEVICES"] == "1"


def test_an_unused_gpu_is_reported_with_the_remedy(monkeypatch, tmp_path, stand_in, native):
    with_cuda_build(monkeypatch, installed=False)
    assert idle_gpu_notice(stand_in, tmp_path) is None
    (tmp_path / "nvidia0").touch()
    assert "make setup GPU=1" in idle_gpu_notice(stand_in, tmp_path)
    assert idle_gpu_notice(native(), tmp_path) is None
    with monkeypatch.context() as hidden:
        hidden.setenv("CUDA_VISIBLE_DEVICES", "")
        assert idle_gpu_notice(stand_in, tmp_path) is None
    with_cuda_build(monkeypatch, installed=True)
    assert idle_gpu_notice(stand_in, tmp_path) is None
