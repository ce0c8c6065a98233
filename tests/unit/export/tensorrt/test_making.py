"""From the graph to the installed engine, with ONNX Runtime in TensorRT's place."""

from dataclasses import replace

import pytest

from export.errors import EngineError, VerificationError
from export.tensorrt import making, variants
from export.tensorrt.builder import build
from export.tensorrt.engine import Engine
from export.tensorrt.making import Graphs, leave_to_runtime, make
from export.tensorrt.plan import graph_for_tensorrt, task_of
from export.tensorrt.record import BuildOptions, EngineRecord
from export.tensorrt.samples import samples_of
from export.tensorrt.store import installed, record_path
from tests.unit.export.tensorrt.conftest import DEVICE, MODELS
from tests.unit.export.tensorrt.fakes import TIMING, FakeCuda

QUARTZNET = MODELS[1]


pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def task(repository):
    return task_of(QUARTZNET, repository)


def test_engine_is_built_verified_and_installed(task, workshop, trt, repository):
    assert make(task, workshop) == "built"
    found = installed(repository.folder("asr_quartznet"), task.key(workshop.device, workshop.options))
    record = EngineRecord.read(record_path(found.plan))
    assert found.plan.read_bytes() == graph_for_tensorrt(QUARTZNET, repository)
    assert record.graph_sha256 == task.graph_sha256
    assert record.device == workshop.device
    assert record.profiles[1]["inputs"]["features"]["max"] == [16, 64, 3008]
    assert {check["subject"] for check in record.checks} >= {"log_probs, mixed batch", "best label, one row"}
    assert (record.engine_ms, record.onnxruntime_cpu_ms) == (1.0, 2.0)
    assert not trt.memory  # all device memory was given back


def test_builder_is_told_types_profiles_and_full_float32(task, workshop, trt):
    make(task, workshop)
    assert ("network", 1 << trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED) in trt.calls
    assert ("clear_flag", "TF32") in trt.calls
    assert ("workspace", "WORKSPACE", 4096 << 20) in trt.calls
    assert [shapes["features"] for shapes in trt.profiles] == [
        ((1, 64, 64), (1, 64, 1536), (1, 64, 3008)),
        ((1, 64, 64), (16, 64, 1536), (16, 64, 3008)),
    ]


def test_nothing_is_done_twice(task, workshop, trt):
    make(task, workshop)
    assert make(task, workshop) == "up to date"
    assert trt.builds == 1


def test_engine_of_an_earlier_release_comes_from_the_cache(task, workshop, trt, repository):
    make(task, workshop)
    for path in repository.folder("asr_quartznet").glob("model.plan*"):
        path.unlink()
    assert make(task, workshop) == "taken from the cache"
    assert trt.builds == 1


def test_force_builds_again(task, workshop, trt):
    make(task, workshop)
    trt.profiles.clear()
    assert make(task, workshop, force=True) == "built"
    assert trt.builds == 2


def test_changed_window_builds_again(workshop, trt, repository, edit, task):
    make(task, workshop)
    trt.profiles.clear()
    edit(
        "asr_windows/config.pbtxt",
        'key: "window_s" value: { string_value: "30" }',
        'key: "window_s" value: { string_value: "20" }',
    )
    assert make(task_of(QUARTZNET, repository), workshop) == "built"


def test_timing_cache_is_kept_and_read_again(task, workshop, trt):
    make(task, workshop)
    path = workshop.store.timing(workshop.device)
    assert path.read_bytes() == TIMING
    trt.profiles.clear()
    make(task, workshop, force=True)
    assert path.read_bytes() == TIMING * 2


@pytest.mark.parametrize("content", [b"of another version", b"damaged"])
def test_timing_cache_that_tensorrt_refuses_is_thrown_away(task, workshop, content):
    path = workshop.store.timing(workshop.device)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    make(task, workshop)
    assert path.read_bytes() == TIMING


def test_engine_that_computes_something_else_is_not_installed(task, workshop, trt, repository):
    trt.spoil = lambda array: array * 1.2 if array.dtype.kind == "f" else array
    with pytest.raises(VerificationError, match=r"asr_quartznet: the engine differs.*log_probs, mixed batch"):
        make(task, workshop)
    assert not installed(repository.folder("asr_quartznet"))
    assert not workshop.store.find("asr_quartznet", task.key(workshop.device, workshop.options))


def test_engine_that_does_not_pay_is_not_installed(task, workshop, repository, monkeypatch):
    monkeypatch.setattr(making, "time_both", lambda sample, engine, graph: (2.5, 2.0))
    with pytest.raises(EngineError, match=r"does not pay: 2\.50 ms.*2\.00 ms"):
        make(task, workshop)
    assert not installed(repository.folder("asr_quartznet"))


def test_parser_errors_are_told_node_by_node(task, workshop, trt):
    trt.parser_errors = [
        ("decoder", "Loop", "scan output length cannot be dynamic\n"),
        ("", "", "no graph"),
    ] * 8
    with pytest.raises(EngineError) as caught:
        make(task, workshop)
    lines = str(caught.value).splitlines()
    assert lines[0] == "asr_quartznet: TensorRT's parser does not take the graph:"
    assert lines[1] == "  node 'decoder' (Loop): scan output length cannot be dynamic"
    assert lines[2] == "  graph: no graph"
    assert lines[-1] == "  and 4 more"


def test_builder_errors_are_told_without_its_chatter(task, workshop, trt):
    trt.refuse_build = True
    with pytest.raises(EngineError) as caught:
        make(task, workshop)
    assert str(caught.value) == "asr_quartznet: TensorRT made no engine:\n  error: no kernel for this layer"


def test_refused_profile_is_shown(task, workshop, trt):
    trt.refuse_profiles = True
    with pytest.raises(EngineError, match=r"refuses the profile 'single'.*'features'"):
        make(task, workshop)


def engine(trt, repository, tmp_path, profiles):
    plan = build(
        trt, "m", graph_for_tensorrt(QUARTZNET, repository), profiles, BuildOptions(), tmp_path / "t"
    ).plan
    return Engine(trt, FakeCuda(trt), "m", plan, profiles)


def test_input_of_another_type_is_refused_by_name(trt, bundled, tmp_path, task):
    run = engine(trt, bundled, tmp_path, task.profiles)
    arrays = samples_of(QUARTZNET, bundled, Graphs(bundled).made_by)[1].inputs
    with pytest.raises(EngineError, match=r"input 'features': expected float32, got float64"):
        run(arrays | {"features": arrays["features"].astype(float)})
    with pytest.raises(EngineError, match=r"input 'features_length': expected int64, got nothing"):
        run({"features": arrays["features"]})


def test_shapes_beyond_all_profiles_are_refused(trt, bundled, tmp_path, task):
    run = engine(trt, bundled, tmp_path, task.profiles)
    arrays = samples_of(QUARTZNET, bundled, Graphs(bundled).made_by)[1].inputs
    with pytest.raises(EngineError, match=r"expected shapes within a profile"):
        run(arrays | {"features": arrays["features"][:, :, :32]})


def config_text(repository):
    return (repository.root / "asr_quartznet/configs/tensorrt.pbtxt").read_text()


def test_without_an_engine_onnx_runtime_serves_until_there_is_one(repository):
    model = repository.root / "asr_quartznet"
    before = config_text(repository)
    assert leave_to_runtime("asr_quartznet", repository, [], DEVICE) == "ONNX Runtime serves it"
    assert repository.config("asr_quartznet").backend == "tensorrt"  # engines are still built for the variant
    assert 'backend: "onnxruntime"' in config_text(repository)
    leave_to_runtime("asr_quartznet", repository, [], DEVICE)  # once more changes nothing
    variants.serve_with_engine(model)
    assert config_text(repository) == before
    assert not variants.fallen_back(model)


def test_engine_of_the_same_graph_stays_when_a_new_one_fails(task, workshop, repository):
    make(task, workshop)
    newer_driver = replace(DEVICE, driver="570.1")
    said = leave_to_runtime("asr_quartznet", repository, [task], newer_driver)
    assert said == "the engine before it still serves"
    assert 'backend: "tensorrt"' in config_text(repository)


def test_engine_of_another_graph_goes_when_a_new_one_fails(task, workshop, repository):
    make(task, workshop)
    path = repository.graph("asr_quartznet")
    path.write_bytes(path.read_bytes() + b"\x72\x00")  # an unknown field: another file, the same graph
    other = task_of(QUARTZNET, repository)
    assert leave_to_runtime("asr_quartznet", repository, [other], DEVICE) == "ONNX Runtime serves it"
    assert not installed(repository.folder("asr_quartznet"))


def test_engine_that_the_servers_tensorrt_does_not_load_goes_when_a_new_one_fails(task, workshop, repository):
    make(task, workshop)
    newer = replace(DEVICE, tensorrt="10.6.0")
    assert leave_to_runtime("asr_quartznet", repository, [task], newer) == "ONNX Runtime serves it"
    assert not installed(repository.folder("asr_quartznet"))


def test_engine_for_shorter_windows_goes_when_a_new_one_fails(task, workshop, repository, edit):
    make(task, workshop)
    edit(
        "asr_windows/config.pbtxt",
        'key: "window_s" value: { string_value: "30" }',
        'key: "window_s" value: { string_value: "60" }',
    )
    longer = task_of(QUARTZNET, repository)
    assert leave_to_runtime("asr_quartznet", repository, [longer], DEVICE) == "ONNX Runtime serves it"
    assert not installed(repository.folder("asr_quartznet"))
