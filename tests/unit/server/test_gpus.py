from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from tritone.server import gpus
from tritone.server.installation import Installation
from tritone.server.process import server_environment


@pytest.fixture
def stand_in(tmp_path):
    return Installation(tmp_path / "tritonserver", tmp_path / "backends", None, ())


@pytest.fixture
def native(tmp_path):
    folder = tmp_path / "native/onnxruntime"
    folder.mkdir(parents=True)
    (folder / "libtriton_onnxruntime.so").touch()
    return Installation(tmp_path / "tritonserver", folder.parent, None, ())


def with_cuda_build(monkeypatch, installed):
    def version(name):
        if not installed:
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(gpus, "version", version)


def test_gpus_are_hidden_from_a_server_whose_graphs_cannot_use_them(monkeypatch, stand_in, native):
    with_cuda_build(monkeypatch, installed=False)
    assert server_environment({}, stand_in)["CUDA_VISIBLE_DEVICES"] == ""
    assert "CUDA_VISIBLE_DEVICES" not in server_environment({}, native)
    with_cuda_build(monkeypatch, installed=True)
    assert server_environment({"CUDA_VISIBLE_DEVICES": "1"}, stand_in)["CUDA_VISIBLE_DEVICES"] == "1"


def test_an_idle_gpu_is_told_of_with_the_remedy(monkeypatch, tmp_path, stand_in, native):
    with_cuda_build(monkeypatch, installed=False)
    assert gpus.hidden_notice(stand_in, tmp_path) is None
    Path(tmp_path / "nvidia0").touch()
    assert "make setup GPU=1" in gpus.hidden_notice(stand_in, tmp_path)
    assert gpus.hidden_notice(native, tmp_path) is None
    with monkeypatch.context() as hidden:
        hidden.setenv("CUDA_VISIBLE_DEVICES", "")
        assert gpus.hidden_notice(stand_in, tmp_path) is None
    with_cuda_build(monkeypatch, installed=True)
    assert gpus.hidden_notice(stand_in, tmp_path) is None
