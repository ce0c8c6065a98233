"""Graphs whose weights do not fit into one file: a data file beside the graph, and what depends on it."""

import shutil

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.graph_file import save_graph
from export.half_weights import store_halves
from tritone.repository.checksums import file_sha256
from tritone.repository.configs import ModelFolder
from tritone.repository.weights import check_weights

WIDTH = 64


def graph(seed=0):
    weights = np.random.default_rng(seed).standard_normal((WIDTH, WIDTH)).astype(np.float32)
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", WIDTH]) for name in "xy")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Add", ["z", "b"], ["y"])]
    tensors = [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(weights[0], "b")]
    model = helper.make_model(
        helper.make_graph(nodes, "graph", [x], [y], tensors), opset_imports=[helper.make_opsetid("", 17)]
    )
    model.ir_version = 8
    return model


def run(path):
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.ones((1, WIDTH), np.float32)})[0]


@pytest.fixture
def path(tmp_path):
    """A graph with a data file, in a model's version folder."""
    folder = tmp_path / "asr_large/1"
    folder.mkdir(parents=True)
    save_graph(graph(), folder / "model.onnx", largest=1000)
    return folder / "model.onnx"


def findings(path):
    return check_weights([ModelFolder(path.parents[1], path.parents[1] / "config.pbtxt", None)])


def test_weights_within_the_limit_stay_in_the_graph(tmp_path):
    save_graph(graph(), tmp_path / "model.onnx")
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]


def test_larger_weights_are_in_one_data_file_and_compute_the_same(path, tmp_path):
    save_graph(graph(), tmp_path / "model.onnx")
    assert sorted(file.name for file in path.parent.iterdir()) == ["model.onnx", "model.onnx.data"]
    assert path.stat().st_size < 4 * WIDTH * WIDTH <= path.with_name("model.onnx.data").stat().st_size
    np.testing.assert_array_equal(run(path), run(tmp_path / "model.onnx"))


def test_checksum_of_the_graph_is_one_of_its_weights(path, tmp_path):
    again, other = tmp_path / "a/model.onnx", tmp_path / "b/model.onnx"
    for target, seed in ((again, 0), (other, 1)):
        target.parent.mkdir()
        save_graph(graph(seed), target, largest=1000)
    assert file_sha256(again) == file_sha256(path) != file_sha256(other)


def test_data_file_goes_when_the_weights_fit_again(path):
    expected = run(path)
    save_graph(onnx.load(str(path)), path)
    assert [file.name for file in path.parent.iterdir()] == ["model.onnx"]
    assert not onnx.load(str(path)).metadata_props
    np.testing.assert_array_equal(run(path), expected)


def test_halves_are_written_beside_the_graph_or_into_it(path):
    expected = run(path)
    store_halves(path, rounded=True, largest=1000)
    assert 2 * WIDTH * WIDTH <= path.with_name("model.onnx.data").stat().st_size < 4 * WIDTH * WIDTH
    assert 0 < np.abs(run(path) - expected).max() < 0.05
    store_halves(path, rounded=True)
    assert [file.name for file in path.parent.iterdir()] == ["model.onnx"]


def test_check_accepts_a_graph_with_its_data_file(path):
    assert findings(path) == []


def test_check_finds_a_missing_data_file(path):
    path.with_name("model.onnx.data").unlink()
    (finding,) = findings(path)
    assert "model.onnx.data: expected the graph's weights, found none; run `make export`" in finding


def test_check_finds_weights_of_another_export(path, tmp_path):
    save_graph(graph(1), tmp_path / "model.onnx", largest=1000)
    shutil.copyfile(tmp_path / "model.onnx.data", path.with_name("model.onnx.data"))
    (finding,) = findings(path)
    assert "expected the weights of this graph, got others" in finding


def test_check_finds_a_data_file_that_was_cut_off(path):
    data = path.with_name("model.onnx.data")
    data.write_bytes(data.read_bytes()[:-1])
    assert len(findings(path)) == 1


def test_check_finds_weights_in_other_files(path):
    onnx.save(
        graph(), str(path), save_as_external_data=True, all_tensors_to_one_file=False, size_threshold=1000
    )
    (finding,) = findings(path)
    assert "expected all of them in model.onnx.data, found some in w" in finding


def test_check_finds_a_data_file_that_no_graph_reads(path):
    onnx.save(graph(), str(path))
    (finding,) = findings(path)
    assert "expected none beside a graph that holds its weights" in finding
