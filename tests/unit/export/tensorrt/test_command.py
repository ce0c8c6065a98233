"""The command: what it prints, and how it ends."""

import shutil
import sys
from dataclasses import replace

import pytest

from export.errors import DeviceError, EngineError
from export.model_set import ModelSet
from export.tensorrt import __main__ as command
from export.tensorrt import library, making
from export.tensorrt.library import find_device, load_tensorrt
from export.tensorrt.spec import EngineSpec
from tests.unit.export.tensorrt.conftest import DEVICE, MODELS


@pytest.fixture
def gpu(monkeypatch, trt, quick):
    """A machine with the server's TensorRT and a GPU."""
    monkeypatch.setattr(command, "load_tensorrt", lambda version: trt)
    monkeypatch.setattr(command, "find_device", lambda trt: DEVICE)
    return trt


@pytest.fixture
def run(repository, tmp_path):
    def call(*arguments):
        return command.main(
            ["--repository", str(repository.root), "--cache", str(tmp_path / "cache"), *arguments]
        )

    return call


def test_dry_run_needs_neither_tensorrt_nor_gpu(run, capsys):
    assert run("--dry-run") == 0
    out = capsys.readouterr().out
    for model in MODELS:
        assert f"{model.name}/1: {model.precision}" in out
    assert "profile batch: features 1x64x64 16x64x1536 16x64x3008" in out
    assert "no engine here" in out


def test_dry_run_tells_what_would_be_built(run, gpu, capsys, repository):
    assert run("--dry-run", "--models", "asr_quartznet") == 0
    assert (
        "for NVIDIA L4 (compute capability 8.9), TensorRT 10.16.1.11: to be built" in capsys.readouterr().out
    )
    assert run("--models", "asr_quartznet") == 0
    assert run("--dry-run", "--models", "asr_quartznet") == 0
    assert ": installed" in capsys.readouterr().out
    assert run("--dry-run", "--force", "--models", "asr_quartznet") == 0
    assert "to be built (--force)" in capsys.readouterr().out
    assert gpu.state.builds == 1


def test_without_a_gpu_dry_run_judges_for_the_gpu_of_the_installed_engine(
    run, gpu, capsys, monkeypatch, window
):
    assert run("--models", "asr_quartznet") == 0
    monkeypatch.delitem(sys.modules, "tensorrt")
    monkeypatch.setattr(command, "load_tensorrt", load_tensorrt)
    assert run("--dry-run", "--models", "asr_quartznet") == 0
    assert "for NVIDIA L4 (compute capability 8.9), TensorRT 10.16.1.11: installed" in capsys.readouterr().out
    window(20)
    assert run("--dry-run", "--models", "asr_quartznet") == 0
    assert "to be built" in capsys.readouterr().out


def test_without_tensorrt_it_says_where_to_get_it(run, capsys):
    assert run() == 2
    error = capsys.readouterr().err
    assert "expected its Python bindings" in error
    assert "docker build --target engines" in error


def test_dry_run_goes_on_after_a_graph_that_no_engine_is_built_of(run, capsys, monkeypatch):
    typed_graph = EngineSpec.typed_graph

    def limited(spec):
        largest = 1 << 20 if spec.model.name == "asr_quartznet" else spec.largest_bytes
        return typed_graph(replace(spec, largest_bytes=largest))

    monkeypatch.setattr(EngineSpec, "typed_graph", limited)
    assert run("--dry-run", "--models", "asr_quartznet", "asr_features") == 1
    captured = capsys.readouterr()
    assert "asr_quartznet: expected weights of at most 1 MiB" in captured.err
    assert "asr_features/1: FP32" in captured.out
    assert run("--dry-run", "--models", "asr_quartznet", "--allow-fallback") == 0


def test_engines_of_a_named_set_are_made_too(run, gpu, capsys, repository, named_set):
    assert run("--dry-run") == 0
    out = capsys.readouterr().out
    assert "asr_features_mine/1: FP32" in out
    assert "asr_conformer_mine/1: FP16 products" in out
    assert run("--models", "asr_conformer_mine") == 0
    assert (repository.root / "asr_conformer_mine/1/model.plan").is_file()
    assert not (repository.root / "asr_quartznet/1/model.plan").exists()
    assert "asr_conformer_mine: served by its engine" in capsys.readouterr().out


@pytest.fixture
def named_set(repository, tmp_path):
    """The bundled recogniser once more, its network in the place of a Conformer."""
    names = {"asr_features": "asr_features_mine", "asr_quartznet": "asr_conformer_mine"}
    names |= {name: f"{name}_mine" for name in ("asr_windows", "asr_ctc_decoder")}
    ModelSet(repository.root, tmp_path / "ensembles", names, "_mine").create()
    for name, other in names.items():
        shutil.copytree(repository.root / name / "1", repository.root / other / "1", dirs_exist_ok=True)


def test_unknown_model_is_refused_with_the_known_ones(run, capsys):
    assert run("--models", "asr_whisper") == 2
    assert "expected one of asr_features, asr_quartznet" in capsys.readouterr().err


def test_one_graph_that_tensorrt_refuses_does_not_stop_the_others(run, gpu, capsys, repository, monkeypatch):
    made = []

    def make(spec, context, force):
        if spec.model.name == "tts_tacotron2":
            raise EngineError(
                "tts_tacotron2: TensorRT's parser does not take the graph:\n  node 'decoder' (Loop)"
            )
        made.append(spec.model.name)
        return "built"

    monkeypatch.setattr(making, "make", make)
    assert run() == 1
    captured = capsys.readouterr()
    assert made == [model.name for model in MODELS if model.name != "tts_tacotron2"]
    assert "node 'decoder' (Loop)" in captured.err
    assert "tts_tacotron2: served by ONNX Runtime" in captured.out
    assert 'backend: "onnxruntime"' in (repository.root / "tts_tacotron2/configs/tensorrt.pbtxt").read_text()
    assert run("--allow-fallback") == 0


def test_unexpected_failure_of_one_model_is_told_and_does_not_stop_the_others(run, gpu, capsys, monkeypatch):
    def make(spec, context, force):
        if spec.model.name == "asr_features":
            raise TypeError("pybind11::init(): factory function returned nullptr")
        return "built"

    monkeypatch.setattr(making, "make", make)
    assert run() == 1
    captured = capsys.readouterr()
    assert "asr_features: TypeError: pybind11::init()" in captured.err
    assert "tts_waveglow/1: built" in captured.out


def test_damaged_graph_is_named(run, gpu, capsys, repository):
    repository.graph("asr_quartznet").write_bytes(b"no graph")
    assert run("--models", "asr_quartznet") == 1
    assert "asr_quartznet: expected an ONNX graph" in capsys.readouterr().err


def test_cache_that_cannot_be_written_is_told_before_anything_is_built(run, gpu, capsys, tmp_path):
    (tmp_path / "cache").write_text("a file")
    assert run() == 2
    assert "give another --cache" in capsys.readouterr().err
    assert gpu.state.builds == 0


def test_engine_made_later_serves_again(run, gpu, capsys, repository):
    gpu.state.refuses_build = True
    assert run("--models", "asr_quartznet") == 1
    gpu.state.refuses_build = False
    assert run("--models", "asr_quartznet") == 0
    assert 'backend: "tensorrt"' in (repository.root / "asr_quartznet/configs/tensorrt.pbtxt").read_text()


def test_engines_of_all_served_versions_are_made(run, gpu, repository, edit):
    for model in ("asr_features", "asr_quartznet"):
        shutil.copytree(repository.root / model / "1", repository.root / model / "2")
    for config in ("config.pbtxt", "configs/tensorrt.pbtxt"):
        edit(f"asr_quartznet/{config}", "versions: [ 1 ]", "versions: [ 1, 2 ]")
    assert run("--models", "asr_quartznet") == 0
    for version in "12":
        assert (repository.root / "asr_quartznet" / version / "model.plan.json").is_file()
    assert gpu.state.builds == 1  # both are of one graph


def add_version(repository):
    for model in ("asr_features", "asr_quartznet"):
        shutil.copytree(repository.root / model / "1", repository.root / model / "2")
    graph = repository.root / "asr_quartznet/2/model.onnx"
    graph.write_bytes(graph.read_bytes() + b"\x72\x00")  # an unknown field: another file, the same graph


def test_version_that_is_not_served_yet_and_gets_no_engine_leaves_the_served_one_alone(
    run, gpu, capsys, repository
):
    assert run("--models", "asr_quartznet") == 0
    add_version(repository)
    gpu.state.refuses_build = True
    assert run("--models", "asr_quartznet", "--version", "2") == 1
    assert "asr_quartznet: served by its engine" in capsys.readouterr().out
    assert (repository.root / "asr_quartznet/1/model.plan").is_file()
    assert 'backend: "tensorrt"' in (repository.root / "asr_quartznet/configs/tensorrt.pbtxt").read_text()


def test_engine_of_a_version_that_is_not_served_yet_does_not_take_the_served_one_from_onnx_runtime(
    run, gpu, capsys, repository
):
    gpu.state.refuses_build = True
    assert run("--models", "asr_quartznet") == 1
    add_version(repository)
    gpu.state.refuses_build = False
    assert run("--models", "asr_quartznet", "--version", "2") == 0
    assert "served by ONNX Runtime, no engine of version 1" in capsys.readouterr().out
    assert 'backend: "onnxruntime"' in (repository.root / "asr_quartznet/configs/tensorrt.pbtxt").read_text()


def test_failure_of_cuda_names_the_model(run, gpu, capsys, monkeypatch):
    def make(spec, context, force):
        raise DeviceError("CUDA: out of memory.")

    monkeypatch.setattr(making, "make", make)
    assert run("--models", "tts_waveglow") == 1
    assert "tts_waveglow: CUDA: out of memory." in capsys.readouterr().err


def test_simulation_fails_where_precision_costs_too_much(run, capsys, monkeypatch):
    from export.recognition import engine

    assert run("--simulate", "--models", "asr_quartznet") == 0
    monkeypatch.setattr(engine, "LOG_PROBS_L2", 1e-7)
    assert run("--simulate", "--models", "asr_quartznet") == 1
    assert "FAILED" in capsys.readouterr().out


@pytest.mark.parametrize("version", ["10.16.1.11", "10.16.1", "10.16", "10"])
def test_version_is_compared_as_far_as_it_is_given(monkeypatch, trt, version):
    monkeypatch.setattr(library.importlib, "import_module", lambda name: trt)
    assert load_tensorrt(version) is trt


@pytest.mark.parametrize("version", ["10.5.0", "10.16.2", "1", "10.160"])
def test_another_version_than_the_servers_is_refused(monkeypatch, trt, version):
    monkeypatch.setattr(library.importlib, "import_module", lambda name: trt)
    with pytest.raises(DeviceError, match=rf"expected {version} like the server's, got 10.16.1.11"):
        load_tensorrt(version)


def test_bindings_without_their_libraries_are_told_apart(monkeypatch):
    def missing(name):
        raise ImportError("libnvinfer.so.10: cannot open shared object file")

    monkeypatch.setattr(library.importlib, "import_module", missing)
    with pytest.raises(DeviceError, match=r"tensorrt_bindings: libnvinfer.so.10: cannot open"):
        load_tensorrt()


@pytest.fixture
def nvidia_smi(monkeypatch, tmp_path):
    """Return a function that puts an nvidia-smi with these lines first on PATH."""

    def install(script):
        path = tmp_path / "nvidia-smi"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return install


def test_missing_nvidia_smi_is_named(monkeypatch, tmp_path, trt):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match="expected nvidia-smi to name one"):
        find_device(trt)


def test_driver_without_a_gpu_is_an_error(nvidia_smi, trt):
    nvidia_smi("echo 'No devices were found'")
    with pytest.raises(DeviceError, match="--gpus all"):
        find_device(trt)


def test_hidden_gpus_are_none(nvidia_smi, monkeypatch, trt):
    nvidia_smi("echo 'NVIDIA L4, 8.9, 560.35'")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(DeviceError, match="CUDA_VISIBLE_DEVICES is empty"):
        find_device(trt)


def test_device_is_as_the_driver_describes_it(nvidia_smi, trt):
    nvidia_smi("""test "$1" = --id=0 && echo 'NVIDIA L4, 8.9, 560.35'""")
    assert find_device(trt) == DEVICE


def test_device_is_the_first_visible_one(nvidia_smi, monkeypatch, trt):
    nvidia_smi("""test "$1" = --id=2 && echo 'NVIDIA L4, 8.9, 560.35'""")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0")
    assert find_device(trt) == DEVICE
