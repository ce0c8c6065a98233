"""Installing into a model repository: everything or nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from export.errors import InstallError
from export.installation import Stage, install


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path / "stage")
    stage.path("asr_quartznet", "model.onnx").write_text("new graph")
    stage.write_json("asr_quartznet", "network.json", {"labels": [" ", "é"]})
    stage.write_json("asr_windows", "windows.json", {"frame_samples": 320})
    return stage


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The repository before an export: an older graph, and Python models with their code."""
    root = tmp_path / "repository"
    for path, text in {
        "asr_quartznet/config.pbtxt": "config",
        "asr_quartznet/1/model.onnx": "old graph",
        "asr_quartznet/1/model_int8.onnx": "old int8 graph",
        "asr_windows/1/model.py": "code",
        "asr_windows/1/windows.json": "old",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def contents(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()
    }


def test_files_are_installed_beside_hand_written_ones(stage, repository):
    written = install(stage, repository, 1)
    after = contents(repository)
    assert after["asr_quartznet/1/model.onnx"] == "new graph"
    assert json.loads(after["asr_quartznet/1/network.json"])["labels"] == [" ", "é"]
    assert json.loads(after["asr_windows/1/windows.json"]) == {"frame_samples": 320}
    assert after["asr_windows/1/model.py"] == "code"
    assert after["asr_quartznet/config.pbtxt"] == "config"
    assert sorted(path.name for path in written) == ["model.onnx", "network.json", "windows.json"]


def test_obsolete_file_is_removed_and_no_scratch_file_stays(stage, repository):
    install(stage, repository, 1, obsolete={"asr_quartznet": ["model_int8.onnx", "never_there.onnx"]})
    assert "asr_quartznet/1/model_int8.onnx" not in contents(repository)
    assert not [path for path in repository.rglob(".*")]


def test_new_version_gets_the_code_of_the_last_one(stage, repository):
    before = contents(repository)
    install(stage, repository, 2)
    after = contents(repository)
    assert after["asr_windows/2/model.py"] == "code"
    assert after["asr_quartznet/2/model.onnx"] == "new graph"
    assert {path: text for path, text in after.items() if "/2/" not in path} == before


def test_data_file_of_weights_is_replaced_with_its_graph(stage, repository):
    stage.path("asr_quartznet", "model.onnx.data").write_text("new weights")
    (repository / "asr_quartznet/1/model.onnx.data").write_text("old weights")
    install(stage, repository, 1)
    assert contents(repository)["asr_quartznet/1/model.onnx.data"] == "new weights"


def test_data_file_goes_with_the_graph_that_it_belonged_to(stage, repository):
    for name in ("model.onnx.data", "model_int8.onnx.data"):
        (repository / "asr_quartznet/1" / name).write_text("old weights")
    install(stage, repository, 1, obsolete={"asr_quartznet": ["model_int8.onnx"]})
    assert not list(repository.rglob("*.data"))


@pytest.mark.parametrize("failing_name", ["model.onnx", "model.onnx.data", "network.json"])
def test_graph_and_data_file_are_restored_together(stage, repository, monkeypatch, failing_name):
    stage.path("asr_quartznet", "model.onnx.data").write_text("new weights")
    (repository / "asr_quartznet/1/model.onnx.data").write_text("old weights")
    before = contents(repository)
    replace = os.replace

    def failing(source, target):
        if Path(target).name == failing_name and Path(source).name.endswith(".new"):
            raise OSError("disk gone")
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(InstallError, match="nothing was changed"):
        install(stage, repository, 1)
    assert contents(repository) == before


def test_repository_without_the_models_is_filled(stage, tmp_path):
    install(stage, tmp_path / "empty", 1)
    assert set(contents(tmp_path / "empty")) == {
        "asr_quartznet/1/model.onnx",
        "asr_quartznet/1/network.json",
        "asr_windows/1/windows.json",
    }


@pytest.mark.parametrize("successes", range(6))
def test_failure_at_any_step_leaves_everything_as_it_was(stage, repository, monkeypatch, successes):
    """Each of the six renames and copies fails in turn."""
    before = contents(repository)
    replace, done = os.replace, []

    def failing(source, target):
        if len(done) == successes:
            done.append(None)
            raise OSError("disk gone")
        done.append(None)
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    obsolete = {"asr_quartznet": ["model_int8.onnx"]}
    with pytest.raises(InstallError, match="nothing was changed"):
        install(stage, repository, 1, obsolete)
    assert contents(repository) == before


def test_interrupt_leaves_everything_as_it_was(stage, repository, monkeypatch):
    before = contents(repository)
    replace = os.replace

    def interrupted(source, target):
        if Path(target).name == "windows.json":
            monkeypatch.undo()
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        install(stage, repository, 1)
    assert contents(repository) == before


def test_unwritable_place_is_reported_and_creates_nothing(stage, tmp_path):
    root = tmp_path / "repository"
    root.mkdir()
    (root / "asr_windows").write_text("a file where the model's folder should be")
    with pytest.raises(InstallError, match="could not be written"):
        install(stage, root, 1)
    assert list(contents(root)) == ["asr_windows"]


def test_version_zero_is_refused(stage, repository):
    with pytest.raises(InstallError, match="expected 1 or above, got 0"):
        install(stage, repository, 0)


def test_engine_of_a_replaced_graph_is_not_left_to_be_served(stage, repository):
    for name in ("model.plan", "model.plan.json"):
        (repository / "asr_quartznet/1" / name).write_text("of the old graph")
        (repository / "asr_windows/1" / name).write_text("of a model without a graph")
    install(stage, repository, 1)
    assert not list((repository / "asr_quartznet/1").glob("model.plan*"))
    assert len(list((repository / "asr_windows/1").glob("model.plan*"))) == 2
