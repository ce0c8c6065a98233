import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from perf.tune.settings import Setting, grid


def config(text=""):
    return text_format.Parse(text, model_config_pb2.ModelConfig())


THREADS = 'parameters { key: "intra_op_thread_count" value: { string_value: "%d" } }'


@pytest.mark.parametrize(
    ("text", "cores", "setting"),
    [
        ("", 8, Setting(2, 4)),  # Triton starts two instances, which share the cores
        ("", 1, Setting(2, 1)),
        ("instance_group { count: 3 kind: KIND_CPU }", 8, Setting(3, 2)),
        ("instance_group { kind: KIND_CPU }", 8, Setting(1, 8)),
        ("instance_group { count: 1 } instance_group { count: 2 }", 6, Setting(3, 2)),
        (THREADS % 5, 8, Setting(2, 5)),
        (THREADS % 0, 8, Setting(2, 4)),
    ],
)
def test_a_config_means_instances_and_threads(text, cores, setting):
    assert Setting.of(config(text), cores) == setting


def test_applying_replaces_what_was_there_and_keeps_the_rest():
    changed = config(
        'name: "a" instance_group { count: 4 } instance_group { count: 2 } dynamic_batching { } '
        'parameters { key: "enable_mem_pattern" value: { string_value: "0" } }' + THREADS % 7
    )
    Setting(1, 2).apply(changed)
    assert [group.count for group in changed.instance_group] == [1]
    assert changed.parameters["enable_mem_pattern"].string_value == "0"
    assert changed.parameters["intra_op_thread_count"].string_value == "2"
    assert changed.HasField("dynamic_batching")
    assert Setting.of(changed, 64) == Setting(1, 2)


def test_lines_to_paste_mean_the_setting():
    assert Setting.of(config(Setting(3, 5).lines()), 64) == Setting(3, 5)


def test_the_grid_keeps_the_cores_busy_without_crowding_them():
    assert grid(1) == [Setting(1, 1)]
    assert grid(2) == [Setting(1, 1), Setting(1, 2), Setting(2, 1), Setting(2, 2)]
    for cores in (2, 6, 16):
        found = grid(cores)
        assert {Setting(1, cores), Setting(cores, 1)} <= set(found)
        assert all(cores / 2 <= setting.instances * setting.threads <= 2 * cores for setting in found)


def test_counts_that_are_asked_for_are_tried_as_they_are():
    assert grid(2, instances=[8], threads=[3]) == [Setting(8, 3)]
    assert grid(2, instances=[1]) == [Setting(1, 1), Setting(1, 2)]
