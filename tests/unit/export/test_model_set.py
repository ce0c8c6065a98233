"""Configs of a further set of models, made from those that are there."""

import shutil

import pytest

from export.errors import InstallError
from export.model_set import ModelSet, remove, renamed, without_punctuation
from tritone.repository.configs import read_config
from tritone.server.options import REPOSITORIES

NAMES = {"asr_windows": "asr_windows_x", "asr_quartznet": "asr_other_x"}


@pytest.fixture
def copies(tmp_path):
    for path in REPOSITORIES:
        shutil.copytree(path, tmp_path / path.name, ignore=shutil.ignore_patterns("*.onnx", "*.txt"))
    return [tmp_path / path.name for path in REPOSITORIES]


def test_new_configs_name_each_other_and_serve_version_1():
    text = (
        'name: "asr_windows"\nversion_policy { specific { versions: [ 2, 3 ] } }\n'
        'parameters { key: "acoustic_model" value: { string_value: "asr_quartznet" } }\nmodel_version: 2'
    )
    assert renamed(text, NAMES) == (
        'name: "asr_windows_x"\nversion_policy { specific { versions: [ 1 ] } }\n'
        'parameters { key: "acoustic_model" value: { string_value: "asr_other_x" } }\nmodel_version: 1'
    )


def test_models_and_their_pipelines_are_made_and_nothing_else_changes(copies):
    before = {path: path.read_bytes() for copy in copies for path in copy.rglob("*") if path.is_file()}
    made = ModelSet(*copies, NAMES, "_x").create()
    assert {path.name for path in made} == {*NAMES.values(), "speech_to_text_x", "audio_to_text_x"}
    assert {path: path.read_bytes() for path in before} == before
    windows = read_config(copies[0] / "asr_windows_x/config.pbtxt")
    assert windows.parameters["acoustic_model"].string_value == "asr_other_x"
    assert (copies[0] / "asr_windows_x/1/model.py").is_file()
    steps = read_config(copies[1] / "audio_to_text_x/config.pbtxt").ensemble_scheduling.step
    assert [step.model_name for step in steps][:2] == ["audio_decoder", "asr_windows_x"]
    assert ModelSet(*copies, NAMES, "_x").create() == []  # they are there
    remove(made)
    assert {path for copy in copies for path in copy.rglob("*") if path.is_file()} == set(before)


def test_what_cannot_be_written_leaves_nothing(copies, monkeypatch):
    before = {path for copy in copies for path in copy.rglob("*")}

    def full(*_):
        raise OSError(28, "No space left on device", "model.py")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(InstallError, match="nothing was changed"):
        ModelSet(*copies, NAMES, "_x").create()
    assert {path for copy in copies for path in copy.rglob("*")} == before


def test_pipeline_without_punctuation_gives_the_transcript_as_text(copies):
    path = copies[1] / "speech_to_text/config.pbtxt"
    path.write_text(without_punctuation(path.read_text(), "punctuation_windows"))
    steps = read_config(path).ensemble_scheduling.step
    assert [step.model_name for step in steps] == ["asr_windows", "asr_ctc_decoder"]
    assert "text" in steps[1].output_map.values()
