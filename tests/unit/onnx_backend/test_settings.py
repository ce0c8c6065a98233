import onnxruntime as ort
import pytest

from tritone.errors import ArtifactError
from tritone.onnx_backend.settings import SessionSettings


def with_parameters(config, **parameters):
    config["parameters"] = {name: {"string_value": value} for name, value in parameters.items()}
    return config


@pytest.mark.parametrize(
    ("cores", "instances", "threads"), [(2, 2, 1), (16, 2, 8), (1, 4, 1), (8, 3, 2), (2, 1, 2)]
)
def test_instances_share_the_cores_without_oversubscribing(config, cores, instances, threads):
    config["instance_group"] = [{"count": instances}]
    assert SessionSettings.from_config(config, cores).intra_op_threads == threads


def test_zero_threads_mean_the_default_share(config):
    with_parameters(config, intra_op_thread_count="0", inter_op_thread_count="0")
    assert SessionSettings.from_config(config, 8).intra_op_threads == 4


def test_given_thread_counts_are_used(config):
    with_parameters(config, intra_op_thread_count="3", inter_op_thread_count="5", execution_mode="1")
    options = SessionSettings.from_config(config, 8).session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 5)
    assert options.execution_mode == ort.ExecutionMode.ORT_PARALLEL


@pytest.mark.parametrize(
    ("level", "meaning"),
    [(-1, "ORT_ENABLE_BASIC"), (1, "ORT_ENABLE_EXTENDED"), (2, "ORT_DISABLE_ALL"), (0, "ORT_ENABLE_ALL")],
)
def test_graph_levels_are_those_of_the_native_backend(config, level, meaning):
    config["optimization"] = {"graph": {"level": level}}
    options = SessionSettings.from_config(config).session_options()
    assert options.graph_optimization_level == getattr(ort.GraphOptimizationLevel, meaning)


def test_memory_arena_and_pattern_can_be_disabled(config):
    with_parameters(config, enable_mem_arena="0", enable_mem_pattern="0")
    options = SessionSettings.from_config(config).session_options()
    assert not options.enable_cpu_mem_arena
    assert not options.enable_mem_pattern


@pytest.mark.parametrize("value", ["many", "-1", "1.5", ""])
def test_a_parameter_that_is_not_a_count_is_rejected_by_name(config, value):
    with pytest.raises(ArtifactError, match="intra_op_thread_count"):
        SessionSettings.from_config(with_parameters(config, intra_op_thread_count=value))
