"""What Polygraphy asks of TensorRT for an engine, and how its failures are reported."""

import ctypes

import pytest
from polygraphy import cuda

from export.errors import EngineError
from export.tensorrt.builder import build_plan, engine_runner, explained_failures
from export.tensorrt.record import BuildOptions
from export.tensorrt.spec import EngineSpec
from tests.unit.export.tensorrt.conftest import MODELS
from tests.unit.export.tensorrt.fake_tensorrt import TIMING


@pytest.fixture
def build(trt, bundled, tmp_path):
    spec = EngineSpec.read(MODELS[1], bundled)
    graph = spec.typed_graph()[0].SerializeToString()

    def call():
        timing = tmp_path / "cache/timing"
        return build_plan(trt, "asr_quartznet", graph, spec.profiles, BuildOptions(2048, 4), timing)

    return call


def test_types_profiles_and_options_reach_tensorrt(build, trt):
    build()
    config = trt.state.config
    assert trt.state.network_flags == 1 << trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED
    assert trt.BuilderFlag.TF32 not in config.flags
    assert config.limits == {trt.MemoryPoolType.WORKSPACE: 2048 << 20}
    assert config.builder_optimization_level == 4
    assert [shapes["features"] for shapes in config.profiles] == [
        ((1, 64, 64), (1, 64, 1536), (1, 64, 3008)),
        ((1, 64, 64), (16, 64, 1536), (16, 64, 3008)),
    ]


def test_timing_cache_is_kept_and_read_again(build, tmp_path):
    path = tmp_path / "cache/timing"
    build()
    assert path.read_bytes() == TIMING
    build()
    assert path.read_bytes() == TIMING * 2


def test_damaged_timing_cache_is_replaced(build, tmp_path):
    path = tmp_path / "cache/timing"
    path.parent.mkdir()
    path.write_bytes(b"damaged")
    build()
    assert path.read_bytes() == TIMING


def test_warnings_are_kept_for_every_engine_without_details(build):
    assert [build().warnings, build().warnings] == [["warning: a slow kernel"]] * 2


def test_parser_errors_are_listed_with_their_nodes(build, trt):
    trt.state.parser_errors = ["node 'decoder' (Loop): scan output length cannot be dynamic", "no graph"] * 8
    with pytest.raises(EngineError) as caught:
        build()
    lines = str(caught.value).splitlines()
    assert lines[:3] == [
        "asr_quartznet: TensorRT failed:",
        "  error: node 'decoder' (Loop): scan output length cannot be dynamic",
        "  error: no graph",
    ]
    assert lines[-1] == "  and 5 more"


def test_builder_errors_are_listed_without_details(build, trt):
    trt.state.refuses_build = True
    with pytest.raises(EngineError) as caught:
        build()
    assert "error: no kernel for this layer" in str(caught.value)
    assert "detail" not in str(caught.value)


@pytest.mark.parametrize("profile", [0, 1])
def test_runner_of_a_plan_uses_the_profile_of_its_index(profile):
    runner = engine_runner(b"plan", profile)
    assert runner.optimization_profile == profile
    assert not runner.is_active


def test_missing_cuda_runtime_is_named(monkeypatch):
    def missing(library):
        raise OSError("libcudart.so: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(EngineError, match=r"asr_quartznet: TensorRT failed:\s.*libcudart.so"):  # noqa: SIM117
        with explained_failures("asr_quartznet"):
            cuda.Cuda()
