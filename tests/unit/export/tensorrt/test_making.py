"""From the graph to the installed engine, with a fake TensorRT, and ONNX Runtime in the engine's place."""

from dataclasses import replace

import onnx
import pytest

from export.errors import EngineError, VerificationError
from export.graph_file import save_graph
from export.tensorrt import variants
from export.tensorrt.making import make, select_backend
from export.tensorrt.record import EngineRecord
from export.tensorrt.spec import EngineSpec
from export.tensorrt.store import installed, record_path
from tests.unit.export.tensorrt.conftest import DEVICE, MODELS
from tritone.repository.checksums import file_sha256

QUARTZNET = MODELS[1]
BY_ENGINE = "served by its engine"
BY_RUNTIME = "served by ONNX Runtime, no engine of version 1"

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def spec(repository):
    return EngineSpec.read(QUARTZNET, repository)


def test_engine_is_built_verified_and_installed(spec, context):
    assert make(spec, context) == "built"
    found = installed(spec.folder, spec.key(context.device, context.options))
    record = EngineRecord.read(record_path(found.plan))
    assert found.plan.read_bytes() == spec.typed_graph()[0].SerializeToString()
    assert record.graph_sha256 == spec.graph_sha256
    assert record.device == context.device
    assert record.profiles["batch"]["features"]["max"] == [16, 64, 3008]
    assert {check["subject"] for check in record.checks} >= {"log_probs, batch", "best label, single"}
    assert 0 < record.engine_ms < record.onnxruntime_cpu_ms
    assert record.warnings == ["warning: a slow kernel"]


def test_nothing_is_done_twice(spec, context, trt):
    make(spec, context)
    assert make(spec, context) == "up to date"
    assert trt.state.builds == 1


def test_engine_of_an_earlier_release_comes_from_the_cache(spec, context, trt):
    make(spec, context)
    for path in spec.folder.glob("model.plan*"):
        path.unlink()
    assert make(spec, context) == "taken from the cache"
    assert trt.state.builds == 1


def test_force_builds_again(spec, context, trt):
    make(spec, context)
    assert make(spec, context, force=True) == "built"
    assert trt.state.builds == 2


def test_changed_window_builds_again(spec, context, repository, window):
    make(spec, context)
    window(20)
    assert make(EngineSpec.read(QUARTZNET, repository), context) == "built"


def test_engine_that_computes_something_else_is_not_installed(spec, context, engine_does):
    engine_does(factor=1.2)
    with pytest.raises(VerificationError, match=r"asr_quartznet: the engine differs.*log_probs, batch"):
        make(spec, context)
    assert not installed(spec.folder)
    assert not context.store.find("asr_quartznet", spec.key(context.device, context.options))


def test_engine_that_is_no_faster_than_the_cpu_is_not_installed(spec, context, engine_does):
    engine_does(speed=0.001)
    with pytest.raises(EngineError, match=r"no faster than the CPU: .* ms"):
        make(spec, context)
    assert not installed(spec.folder)


def config_text(repository):
    return (repository.root / "asr_quartznet/configs/tensorrt.pbtxt").read_text()


def test_without_an_engine_onnx_runtime_serves_until_there_is_one(repository, spec, context):
    before = config_text(repository)
    assert select_backend(QUARTZNET, repository, DEVICE) == BY_RUNTIME
    assert repository.config("asr_quartznet").backend == "tensorrt"  # engines are still built for the variant
    assert 'backend: "onnxruntime"' in config_text(repository)
    assert select_backend(QUARTZNET, repository, DEVICE) == BY_RUNTIME  # again: nothing changes
    make(spec, context)
    assert select_backend(QUARTZNET, repository, DEVICE) == BY_ENGINE
    assert config_text(repository) == before
    assert not variants.fallen_back(repository.root / "asr_quartznet")


def test_engine_of_the_same_graph_stays_whatever_the_driver(spec, context, repository):
    make(spec, context)
    assert select_backend(QUARTZNET, repository, replace(DEVICE, driver="570.1")) == BY_ENGINE
    assert 'backend: "tensorrt"' in config_text(repository)


def test_engine_of_another_graph_is_removed(spec, context, repository):
    make(spec, context)
    path = repository.graph("asr_quartznet")
    path.write_bytes(path.read_bytes() + b"\x72\x00")  # an unknown field: another file, the same graph
    assert select_backend(QUARTZNET, repository, DEVICE) == BY_RUNTIME
    assert not installed(spec.folder)


def test_engine_that_the_servers_tensorrt_does_not_load_is_removed(spec, context, repository):
    make(spec, context)
    assert select_backend(QUARTZNET, repository, replace(DEVICE, tensorrt="10.6.0")) == BY_RUNTIME
    assert not installed(spec.folder)


def test_engine_for_shorter_windows_is_removed(spec, context, repository, window):
    make(spec, context)
    window(60)
    assert select_backend(QUARTZNET, repository, DEVICE) == BY_RUNTIME
    assert not installed(spec.folder)


def test_without_a_configuration_for_onnx_runtime_the_file_to_restore_is_named(repository):
    (repository.root / "asr_quartznet/configs/cuda.pbtxt").unlink()
    with pytest.raises(EngineError, match=r"asr_quartznet/configs/cuda.pbtxt: expected the configuration"):
        select_backend(QUARTZNET, repository, DEVICE)


def test_engine_is_built_of_a_graph_with_a_data_file(spec, repository, context):
    graph = repository.graph("asr_quartznet")
    save_graph(onnx.load(str(graph)), graph, largest=0)
    parts = EngineSpec.read(QUARTZNET, repository)
    assert parts.typed_graph()[0].graph.initializer == spec.typed_graph()[0].graph.initializer
    assert make(parts, context) == "built"
    assert installed(spec.folder).record.graph_sha256 == file_sha256(graph)


def test_engine_does_not_outlive_the_weights_in_the_data_file(repository, context):
    graph = repository.graph("asr_quartznet")
    save_graph(onnx.load(str(graph)), graph, largest=0)
    make(EngineSpec.read(QUARTZNET, repository), context)
    model = onnx.load(str(graph))
    tensor = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    tensor.raw_data = bytes(len(tensor.raw_data))
    save_graph(model, graph, largest=0)
    assert not EngineSpec.read(QUARTZNET, repository).served_by_installed(DEVICE)
    assert select_backend(QUARTZNET, repository, DEVICE) == BY_RUNTIME


def test_weights_beyond_one_protobuf_are_served_by_onnx_runtime(spec, repository, context):
    with pytest.raises(EngineError, match=r"at most 1 MiB in float32, got \d+ MiB; .* ONNX Runtime serves"):
        make(replace(spec, largest_bytes=1 << 20), context)
    assert select_backend(QUARTZNET, repository, DEVICE) == BY_RUNTIME
