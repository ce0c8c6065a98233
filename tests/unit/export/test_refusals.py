"""Checkpoints that cannot be exported: a clear message, exit code 2, and an untouched repository."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from export.__main__ import main
from export.checkpoint import Checkpoint
from export.errors import CheckpointError
from export.families import families


def write_archive(path: Path, config: str | None, mode: str = "w", prefix: str = "./") -> Path:
    """A .nemo file with this model_config.yaml and no weights."""
    with tarfile.open(path, mode) as archive:
        for name, content in (("model_config.yaml", config), ("model_weights.ckpt", "weights")):
            if content is not None:
                member = tarfile.TarInfo(prefix + name)
                member.size = len(content.encode())
                archive.addfile(member, io.BytesIO(content.encode()))
    return path


@pytest.fixture
def export(tmp_path, capsys):
    """Run the command on a checkpoint; returns its message."""

    def run(checkpoint: Path) -> str:
        repository = tmp_path / "repository"
        assert main([str(checkpoint), "--repository", str(repository)]) == 2
        assert not repository.exists()
        return capsys.readouterr().err

    return run


@pytest.mark.parametrize("class_name", ["EncDecRNNTBPEModel", "EncDecMultiTaskModel", "EncDecCTCModelBPE"])
def test_other_class_is_named_with_what_is_supported(export, tmp_path, class_name):
    config = f"target: nemo.collections.some.models.{class_name}\n"
    message = export(write_archive(tmp_path / "other.nemo", config))
    assert f"holds a {class_name}" in message
    for family in families():
        assert f"{family.class_name} ({family.describes})" in message


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("prefix", ["", "./"])
def test_class_is_read_from_plain_and_compressed_archives(tmp_path, mode, prefix):
    config = "sample_rate: 16000\ntarget: nemo.asr.EncDecCTCModel\n"
    checkpoint = Checkpoint.open(write_archive(tmp_path / "a.nemo", config, mode, prefix))
    assert checkpoint.class_name == "EncDecCTCModel"
    assert checkpoint.config["sample_rate"] == 16000
    assert len(checkpoint.sha256) == 64


def test_class_is_found_in_the_nested_configuration_of_early_releases(tmp_path):
    config = "model:\n  target: nemo.asr.EncDecCTCModel\n  sample_rate: 8000\n"
    checkpoint = Checkpoint.open(write_archive(tmp_path / "a.nemo", config))
    assert checkpoint.class_name == "EncDecCTCModel"
    assert checkpoint.config["sample_rate"] == 8000


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, "has no model_config.yaml"),
        ("", "is empty"),
        ("sample_rate: 16000\n", "does not name its model class"),
        ("a: [1\n", "not valid YAML"),
    ],
    ids=["no configuration", "empty", "no class", "broken"],
)
def test_archive_without_a_class_is_refused(export, tmp_path, config, expected):
    assert expected in export(write_archive(tmp_path / "a.nemo", config))


def test_missing_file_is_refused(export, tmp_path):
    assert "expected a .nemo file or a published name" in export(tmp_path / "nowhere.nemo")


@pytest.mark.parametrize("content", [b"", b"RIFF....WAVEfmt "], ids=["empty", "another format"])
def test_file_that_is_no_archive_is_refused(export, tmp_path, content):
    path = tmp_path / "a.nemo"
    path.write_bytes(content)
    assert "not a readable .nemo archive" in export(path)


def test_truncated_archive_is_refused(tmp_path):
    path = write_archive(tmp_path / "a.nemo", "target: a.EncDecCTCModel\n" * 2000, "w:gz")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(CheckpointError, match="not a readable"):
        Checkpoint.open(path)


@pytest.mark.parametrize("name", ["Mine", "my model", "_mine", "my-model", "canary", "my_canary"])
def test_name_that_no_pipeline_may_have_is_refused(tmp_path, capsys, name):
    given = [str(tmp_path / "any.nemo"), "--repository", str(tmp_path / "repository"), "--beside", name]
    assert main(given) == 2
    assert f"got {name!r}" in capsys.readouterr().err


def test_half_weights_are_for_recognisers(tmp_path, capsys):
    config = "target: nemo.collections.tts.models.WaveGlowModel\n"
    checkpoint = write_archive(tmp_path / "voice.nemo", config)
    assert main([str(checkpoint), "--repository", str(tmp_path / "repository"), "--half"]) == 2
    assert "half: expected a recogniser's checkpoint, got a WaveGlowModel" in capsys.readouterr().err


def test_two_checkpoints_of_which_one_would_replace_the_other_are_refused(tmp_path, capsys):
    config = "target: nemo.collections.asr.models.EncDecCTCModel\n"
    paths = [str(write_archive(tmp_path / name, config)) for name in ("a.nemo", "b.nemo")]
    assert main([*paths, "--repository", str(tmp_path / "repository")]) == 2
    assert "expected at most one recogniser, got EncDecCTCModel, EncDecCTCModel" in capsys.readouterr().err


def test_part_of_a_new_set_is_refused(tmp_path, capsys):
    path = write_archive(tmp_path / "a.nemo", "target: nemo.collections.asr.models.EncDecCTCModel\n")
    assert main([str(path), "--beside", "mine", "--name", "asr_windows"]) == 2
    assert "name: expected none with --beside" in capsys.readouterr().err


def test_a_set_is_named_in_one_way(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["a.nemo", "--beside", "mine", "--suffix", "_yours"])
    assert "not allowed with argument" in capsys.readouterr().err
