"""Configs of a further set of models, made from those that are there."""

import shutil

import pytest

from export.errors import InstallError
from export.model_set import ModelSet, remove, without_punctuation
from export.tensorrt.variants import fallen_back, serve_with_engine, serve_with_runtime
from tritone.repository.checks import check_repositories
from tritone.repository.configs import ModelFolder, read_config
from tritone.repository.versions.edits import with_pins, with_policy
from tritone.repository.versions.groups import served_versions
from tritone.server.options import REPOSITORIES

NAMES = {"asr_windows": "asr_windows_x", "asr_quartznet": "asr_other_x"}


@pytest.fixture
def copies(tmp_path):
    for path in REPOSITORIES:
        shutil.copytree(path, tmp_path / path.name, ignore=shutil.ignore_patterns("*.onnx", "*.txt"))
    return [tmp_path / path.name for path in REPOSITORIES]


def test_new_models_serve_version_1_whatever_the_first_set_serves(copies):
    windows = copies[0] / "asr_windows"
    for config in windows.glob("**/*.pbtxt"):
        config.write_text(with_policy(config.read_text(), [2, 3]))
    shutil.copytree(windows / "1", windows / "3")
    (windows / "3/model.py").write_text("# newer code")
    ModelSet(*copies, NAMES, "_x").create()
    made = copies[0] / "asr_windows_x"
    assert served_versions(ModelFolder(made, made, read_config(made / "config.pbtxt"))) == [1]
    assert [path.name for path in made.iterdir() if path.is_dir()] == ["1"]
    assert (made / "1/model.py").read_text() == "# newer code"


def test_new_pipelines_use_version_1_of_the_new_models_and_the_version_in_use_of_shared_ones(copies):
    pipeline = copies[1] / "speech_to_text/config.pbtxt"
    pipeline.write_text(with_pins(pipeline.read_text(), {"asr_windows": 2, "punctuation_windows": 3}))
    ModelSet(*copies, NAMES, "_x").create()
    made = read_config(copies[1] / "speech_to_text_x/config.pbtxt")
    versions = {step.model_name: step.model_version for step in made.ensemble_scheduling.step}
    shared = {"asr_ctc_decoder": 1, "punctuation_windows": 3, "written_form": -1}
    assert versions == {"asr_windows_x": 1, **shared}


def test_first_version_of_a_new_set_may_have_another_number(copies):
    ModelSet(*copies, NAMES, "_x", version=4).create()
    made = copies[0] / "asr_windows_x"
    assert served_versions(ModelFolder(made, made, read_config(made / "config.pbtxt"))) == [4]
    assert (made / "4/model.py").is_file()
    steps = read_config(copies[1] / "speech_to_text_x/config.pbtxt").ensemble_scheduling.step
    assert steps[0].model_version == 4


def test_model_without_an_engine_can_get_one_in_the_new_set(copies):
    configs = copies[0] / "asr_quartznet/configs"
    serve_with_runtime(configs.parent)
    ModelSet(*copies, NAMES, "_x").create()
    assert fallen_back(copies[0] / "asr_other_x")
    serve_with_engine(copies[0] / "asr_other_x")
    assert read_config(copies[0] / "asr_other_x/configs/tensorrt.pbtxt").backend == "tensorrt"


def test_variant_that_the_new_set_does_not_have_is_left_out(copies):
    ModelSet(*copies, NAMES, "_x", without=["int8"]).create()
    names = {path.name for path in (copies[0] / "asr_other_x/configs").iterdir()}
    assert names == {"cuda.pbtxt", "tensorrt.pbtxt"}


def test_config_that_no_version_can_be_written_into_is_refused(copies):
    config = copies[0] / "asr_windows/config.pbtxt"
    config.write_text(config.read_text().replace("version_policy { specific", "version_policy {\nspecific"))
    with pytest.raises(InstallError, match="asr_windows_x: version_policy: expected one line"):
        ModelSet(*copies, NAMES, "_x").create()
    assert not (copies[0] / "asr_windows_x").exists()


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
    assert [step.model_name for step in steps] == ["asr_windows", "asr_ctc_decoder", "written_form"]
    assert steps[1].output_map["transcript_to_punctuate"] == "text"
    assert steps[1].output_map["transcript_to_write"] == steps[2].input_map["text"]
    assert [line for line in check_repositories(copies) if "speech_to_text" in line] == []


def test_any_error_of_an_edit_leaves_nothing(copies):
    before = sorted(path for copy in copies for path in copy.rglob("*"))

    def failing(name, text):
        raise KeyError(name)

    with pytest.raises(KeyError):
        ModelSet(*copies, NAMES, "_x").create(failing)
    assert sorted(path for copy in copies for path in copy.rglob("*")) == before
