"""Removing a named set: all of it, nothing else, and never what others use."""

import os
import shutil

import pytest

from export.model_set import ModelSet
from tritone.errors import ArtifactError
from tritone.repository.checks import check_repositories
from tritone.repository.removal import main
from tritone.repository.sets import Sets
from tritone.repository.versions.__main__ import main as versions
from tritone.server.options import REPOSITORIES

RECOGNISER = {
    "asr_features": "asr_features{}",
    "asr_windows": "asr_windows{}",
    "asr_ctc_decoder": "asr_ctc_decoder{}",
    "asr_quartznet": "asr_conformer{}",
}
VOICE = {
    name: name + "{}"
    for name in (
        *("text_to_speech_stream", "tts_tokenizer", "tts_utterances"),
        *("tts_tacotron2", "tts_waveglow", "tts_denoiser"),
    )
}


@pytest.fixture
def repositories(tmp_path):
    return [shutil.copytree(path, tmp_path / path.name) for path in REPOSITORIES]


def make(repositories, name, models=RECOGNISER):
    """A further set with the bundled models' files."""
    names = {source: target.format(f"_{name}") for source, target in models.items()}
    made = ModelSet(*repositories, names, f"_{name}").create()
    for source, target in names.items():
        files = repositories[0] / source / "1"
        shutil.copytree(files, repositories[0] / target / "1", dirs_exist_ok=True)
    return made


def remove(repositories, name):
    where = [part for path in repositories for part in ("--model-repository", str(path))]
    return main([name, *where])


def contents(repositories):
    return {path: path.read_bytes() for root in repositories for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("models", [RECOGNISER, VOICE], ids=["recogniser", "voice"])
def test_removal_leaves_the_repositories_as_they_were_before_the_export(repositories, models, capsys):
    before = contents(repositories)
    made = make(repositories, "mine", models)
    assert check_repositories(repositories) == []
    assert remove(repositories, "mine") == 0
    assert contents(repositories) == before
    assert not any(folder.exists() for folder in made)
    assert sum(line.startswith("removed ") for line in capsys.readouterr().out.splitlines()) == len(made)


def test_recogniser_and_voice_of_one_name_go_together(repositories):
    before = contents(repositories)
    make(repositories, "mine")
    make(repositories, "mine", VOICE)
    assert remove(repositories, "mine") == 0
    assert contents(repositories) == before


def test_name_that_is_the_end_of_another_removes_only_its_own(repositories, capsys):
    make(repositories, "mine_large")
    before = contents(repositories)
    assert remove(repositories, "large") == 1
    assert "expected one of mine_large, got 'large'" in capsys.readouterr().err
    make(repositories, "large")
    assert Sets(repositories).names == ["large", "mine_large"]
    assert remove(repositories, "large") == 0
    assert contents(repositories) == before


@pytest.mark.parametrize(
    ("name", "models"),
    [
        *((name, RECOGNISER) for name in ("windows", "decoder", "form", "text")),
        *((name, VOICE) for name in ("encoder", "validator", "speech", "audio")),
    ],
)
def test_name_that_bundled_models_end_in_is_one_like_any_other(repositories, name, models):
    before = contents(repositories)
    made = make(repositories, name, models)
    assert len(made) == len(models) + 2
    assert check_repositories(repositories) == []
    assert remove(repositories, name) == 0
    assert contents(repositories) == before


def test_versions_and_canaries_of_the_set_go_with_it(repositories):
    before = contents(repositories)
    make(repositories, "mine")
    for target in RECOGNISER.values():
        folder = repositories[0] / target.format("_mine")
        shutil.copytree(folder / "1", folder / "2")
    where = [part for path in repositories for part in ("--model-repository", str(path))]
    assert versions(["serve", "asr_mine", "2", *where]) == 0
    assert (repositories[1] / "speech_to_text_mine_canary").is_dir()
    assert remove(repositories, "mine") == 0
    assert contents(repositories) == before


def test_set_that_misses_a_part_can_be_removed(repositories):
    before = contents(repositories)
    make(repositories, "mine")
    shutil.rmtree(repositories[1] / "speech_to_text_mine")
    shutil.rmtree(repositories[0] / "asr_features_mine")
    assert remove(repositories, "mine") == 0
    assert contents(repositories) == before


@pytest.mark.parametrize("name", ["asr", "asr_quartznet", "speech_to_text"])
def test_bundled_models_are_not_removed(repositories, name, capsys):
    before = contents(repositories)
    assert remove(repositories, name) == 1
    assert f"of which there is none, got '{name}', which is bundled" in capsys.readouterr().err
    assert contents(repositories) == before


@pytest.mark.parametrize("name", ["parakeet", "quartznet", "decoder", "canary", ""])
def test_name_of_nothing_is_refused(repositories, name, capsys):
    before = contents(repositories)
    assert remove(repositories, name) == 1
    assert f"beside the bundled models, of which there is none, got {name!r}." in capsys.readouterr().err
    assert contents(repositories) == before


def test_set_that_another_pipeline_uses_is_refused(repositories, capsys):
    make(repositories, "mine")
    other = shutil.copytree(repositories[1] / "speech_to_text_mine", repositories[1] / "dictation")
    config = other / "config.pbtxt"
    config.write_text(config.read_text().replace('"speech_to_text_mine"', '"dictation"'))
    before = contents(repositories)
    assert remove(repositories, "mine") == 1
    assert "dictation uses asr_ctc_decoder_mine, asr_windows_mine" in capsys.readouterr().err
    assert contents(repositories) == before


def test_failure_at_any_folder_leaves_all_of_them(repositories, monkeypatch, capsys):
    made = make(repositories, "mine")
    before = contents(repositories)
    replace, count = os.replace, []

    def failing(source, target):
        count.append(source)
        if len(count) == len(made):
            raise OSError("disk gone")
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    assert remove(repositories, "mine") == 1
    assert "disk gone" in capsys.readouterr().err
    assert contents(repositories) == before


def test_a_stream_of_a_set_belongs_to_it_and_the_bundled_one_to_none(repositories):
    make(repositories, "mine", VOICE)
    sets = Sets(repositories)
    assert sets.names == ["mine"]
    assert "text_to_speech_stream_mine" in {folder.name for folder in sets.find("mine").pipelines}
    with pytest.raises(ArtifactError, match="got 'stream'"):
        sets.find("stream")
