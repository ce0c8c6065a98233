"""Several versions of a checkpoint, in copies of the real repositories."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import onnx
import pytest

from export.families import families
from export.model_set import ModelSet
from tritone.contract import is_stream
from tritone.errors import ArtifactError
from tritone.repository.checks import check_repositories
from tritone.repository.versions.__main__ import main
from tritone.repository.versions.edits import Edits, with_pins, with_policy
from tritone.repository.versions.findings import check_versions
from tritone.repository.versions.groups import read_inventory
from tritone.server.options import REPOSITORIES

ROOT = Path(__file__).resolve().parents[3]
GROUPS = {
    "asr": {"asr_features", "asr_quartznet", "asr_windows", "asr_ctc_decoder"},
    "punctuation": {"punctuation_bert", "punctuation_windows"},
    "tts": {"tts_tokenizer", "tts_tacotron2", "tts_utterances", "tts_waveglow", "tts_denoiser"},
}


@pytest.fixture
def repositories(tmp_path):
    """Copies of the real repositories; the punctuation's models have a version 2."""
    copies = [shutil.copytree(path, tmp_path / path.name) for path in REPOSITORIES]
    for model in GROUPS["punctuation"]:
        shutil.copytree(copies[0] / model / "1", copies[0] / model / "2")
    return copies


def versions(repositories, *arguments):
    where = [part for path in repositories for part in ("--model-repository", str(path))]
    return main([*arguments, *where])


def contents(repositories):
    return {path: path.read_bytes() for root in repositories for path in root.rglob("*") if path.is_file()}


def pins(repositories, group):
    found = read_inventory(repositories)
    return {
        name: tuple(sorted(found.pins(pipeline)[group]))
        for name, pipeline in found.everything.items()
        if group in found.pins(pipeline)
    }


def test_groups_are_what_each_exporter_writes():
    exported = {
        family.name: {model for model in family.models if not is_stream(model)} for family in families()
    }
    found = {name: set(group.models) for name, group in read_inventory(REPOSITORIES).groups.items()}
    assert found == GROUPS
    assert exported["quartznet"] == GROUPS["asr"]
    assert exported["punctuation_bert"] == GROUPS["punctuation"]
    assert exported["tacotron2"] | exported["waveglow"] == GROUPS["tts"]


def test_callers_are_loaded_after_the_models_that_they_call():
    found = read_inventory(REPOSITORIES).groups
    assert {name: group.models[-1] for name, group in found.items()} == {
        "asr": "asr_windows",
        "punctuation": "punctuation_windows",
        "tts": "tts_utterances",
    }


def test_new_version_changes_nothing_until_it_is_served(repositories):
    assert check_repositories(repositories) == []
    group = read_inventory(repositories).groups["punctuation"]
    assert (group.versions, group.served) == ([1, 2], [1])


def test_whole_procedure_and_back_leaves_the_configs_as_they_were(repositories, capsys):
    before = contents(repositories)
    both = {"punctuate", "speech_to_text", "audio_to_text"}
    canaries = {f"{name}_canary" for name in both}

    assert versions(repositories, "serve", "punctuation", "2") == 0
    assert pins(repositories, "punctuation") == {**dict.fromkeys(both, (1,)), **dict.fromkeys(canaries, (2,))}
    assert set(pins(repositories, "asr").values()) == {(1,)}
    assert check_repositories(repositories) == []

    assert versions(repositories, "move", "punctuation", "2") == 0
    assert pins(repositories, "punctuation") == dict.fromkeys(both | canaries, (2,))
    assert check_repositories(repositories) == []

    assert versions(repositories, "move", "punctuation", "1") == 0
    assert versions(repositories, "drop", "punctuation", "2") == 0
    assert contents(repositories) == before
    capsys.readouterr()


def served_by_stream(repositories):
    return {
        tuple(folder.config.version_policy.specific.versions)
        for folder in read_inventory(repositories).streams["text_to_speech_stream"]
    }


def test_a_stream_serves_the_version_with_the_traffic_and_moves_with_it(repositories, capsys):
    models = (*GROUPS["tts"], "text_to_speech_stream")
    for model in models:
        shutil.copytree(repositories[0] / model / "1", repositories[0] / model / "2")
    before = contents(repositories)
    for step, version, stream in (("serve", "2", 1), ("move", "2", 2), ("move", "1", 1), ("drop", "2", 1)):
        assert versions(repositories, step, "tts", version) == 0
        assert served_by_stream(repositories) == {(stream,)}
        assert check_repositories(repositories) == []
    assert contents(repositories) == before
    capsys.readouterr()


def test_a_version_without_the_stream_is_not_served(repositories, capsys):
    for model in GROUPS["tts"]:
        shutil.copytree(repositories[0] / model / "1", repositories[0] / model / "2")
    assert versions(repositories, "serve", "tts", "2") == 1
    assert "found none in text_to_speech_stream" in capsys.readouterr().err


def test_a_stream_of_another_version_than_the_pipelines_is_found(repositories):
    models = repositories[0]
    shutil.copytree(models / "text_to_speech_stream/1", models / "text_to_speech_stream/2")
    path = models / "text_to_speech_stream/config.pbtxt"
    path.write_text(with_policy(path.read_text(), [2]))
    (finding,) = check_repositories(repositories)[-1:]
    assert "text_to_speech_stream/config.pbtxt: expected to serve version 1, as the pipelines do" in finding


def test_old_version_can_be_dropped_once_the_traffic_has_moved(repositories, capsys):
    for step in (("serve", "2"), ("move", "2"), ("drop", "1")):
        assert versions(repositories, step[0], "punctuation", step[1]) == 0
    group = read_inventory(repositories).groups["punctuation"]
    assert group.served == [2]
    assert not read_inventory(repositories).canaries
    assert check_repositories(repositories) == []
    capsys.readouterr()


def test_a_canary_can_try_two_groups_and_remains_for_one(repositories, capsys):
    for model in (*GROUPS["asr"], "asr_stream"):
        shutil.copytree(repositories[0] / model / "1", repositories[0] / model / "2")
    versions(repositories, "serve", "punctuation", "2")
    versions(repositories, "serve", "asr", "2")
    assert pins(repositories, "punctuation")["speech_to_text_canary"] == (2,)
    assert pins(repositories, "asr")["speech_to_text_canary"] == (2,)
    versions(repositories, "drop", "asr", "2")
    assert pins(repositories, "punctuation")["speech_to_text_canary"] == (2,)
    assert pins(repositories, "asr")["speech_to_text_canary"] == (1,)
    assert check_repositories(repositories) == []
    capsys.readouterr()


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (("serve", "asr", "2"), "found none in asr_ctc_decoder, asr_features"),
        (("serve", "punctuation", "1"), "expected a version other than the one that gets the traffic"),
        (("move", "punctuation", "2"), r"expected one that is served, of \[1\]; serve it first"),
        (("drop", "punctuation", "1"), "it gets the traffic; move that first"),
        (("drop", "punctuation", "2"), "it is not served"),
        (("serve", "vision", "2"), "group: expected one of asr, punctuation, tts, got 'vision'"),
    ],
)
def test_a_step_out_of_order_is_rejected_and_changes_nothing(repositories, step, says, capsys):
    before = contents(repositories)
    assert versions(repositories, *step) == 1
    assert re.search(says, capsys.readouterr().err)
    assert contents(repositories) == before


def test_an_invalid_version_is_rejected_and_changes_nothing(repositories, capsys):
    """The same checks run as in `make check`."""
    before = contents(repositories)
    sidecar = repositories[0] / "punctuation_windows/2/punctuation.json"
    sidecar.unlink()
    assert versions(repositories, "serve", "punctuation", "2") == 1
    assert "2/punctuation.json: expected the exporter's file" in capsys.readouterr().err
    assert contents(repositories) == {path: data for path, data in before.items() if path != sidecar}


def test_graph_of_another_interface_is_found(repositories):
    path = repositories[0] / "punctuation_bert/2/model.onnx"
    model = onnx.load(path)
    model.graph.output[0].type.tensor_type.shape.dim[2].dim_value = 7
    onnx.save(model, path)
    assert any("punctuation_bert" in line and "7]" in line for line in check_repositories(repositories))


def test_files_of_two_checkpoints_in_one_version_are_found(repositories):
    path = repositories[0] / "asr_features/1/features.json"
    own = json.loads((repositories[0] / "asr_quartznet/1/network.json").read_text())
    other = {**json.loads(path.read_text()), **{key: own[key] for key in ("checkpoint", "model_class")}}
    path.write_text(json.dumps({**other, "checkpoint_sha256": "0" * 64}))
    (finding,) = check_versions(repositories)
    assert "asr version 1: expected files of one EncDecCTCModel" in finding
    assert "000000000000" in finding


@pytest.mark.parametrize(
    ("path", "old", "new", "says"),
    [
        (
            "model_repository/punctuation_bert/config.pbtxt",
            "version_policy { specific { versions: [ 1 ] } }\n",
            "",
            r"punctuation_bert/config.pbtxt: expected `version_policy \{ specific",
        ),
        (
            "model_repository/asr_quartznet/configs/int8.pbtxt",
            "versions: [ 1 ]",
            "versions: [ 1, 3 ]",
            "asr: expected all configs to serve the same versions.*int8.pbtxt \\[1, 3\\]",
        ),
        (
            "model_repository/punctuation_bert/config.pbtxt",
            "versions: [ 1 ]",
            "versions: [ 1, 3 ]",
            "punctuation_bert/3: expected a folder for a served version",
        ),
        (
            "ensembles/punctuate/config.pbtxt",
            "model_version: 1",
            "model_version: 2",
            r"punctuate: uses version 2 of the punctuation models; expected one that is served, of \[1\]",
        ),
        (
            "ensembles/speech_to_text/config.pbtxt",
            "model_version: 1",
            "model_version: -1",
            r"speech_to_text: expected one version of the asr models, got \[-1, 1\]",
        ),
    ],
)
def test_versions_that_disagree_are_found(repositories, path, old, new, says):
    config = repositories[0].parent / path
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new, 1))
    findings = "\n".join(check_repositories(repositories))
    assert re.search(says, findings), findings


def second_set(repository, group, pattern):
    """Copy a group's models under other names, and let the copies name each other."""
    names = {name: pattern.format(name.removeprefix(f"{group}_")) for name in GROUPS[group]}
    for name, other in names.items():
        shutil.copytree(repository / name, repository / other)
        for config in (repository / other).rglob("*.pbtxt"):
            text = config.read_text()
            for old, new in names.items():
                text = text.replace(f'"{old}"', f'"{new}"')
            config.write_text(text)
    return set(names.values())


@pytest.mark.parametrize("task", ["asr", "tts"])
def test_two_recognisers_or_voices_have_separate_versions(repositories, task):
    german = second_set(repositories[0], task, f"{task}_de_{{}}")
    groups = {name: set(group.models) for name, group in read_inventory(repositories).groups.items()}
    assert groups == {**GROUPS, f"{task}_de": german}
    assert check_repositories(repositories) == []


def test_a_set_with_a_suffix_leaves_the_first_one_its_name(repositories):
    second_set(repositories[0], "asr", "asr_{}_de")
    assert read_inventory(repositories).groups.keys() == {"asr", "asr_de", "punctuation", "tts"}


def test_versions_of_a_named_set_move_on_their_own(repositories, capsys):
    names = {name: f"{name}_mine" for name in GROUPS["asr"]}
    ModelSet(*repositories, names, "_mine").create()
    for name, other in names.items():
        for version in ("1", "2"):
            shutil.copytree(
                repositories[0] / name / "1", repositories[0] / other / version, dirs_exist_ok=True
            )
    before = contents(repositories)
    own = {"speech_to_text_mine", "audio_to_text_mine"}
    canaries = {f"{name}_canary" for name in own}
    assert versions(repositories, "serve", "asr_mine", "2") == 0
    assert read_inventory(repositories).canaries.keys() == canaries
    assert pins(repositories, "asr_mine") == {**dict.fromkeys(own, (1,)), **dict.fromkeys(canaries, (2,))}
    assert versions(repositories, "move", "asr_mine", "2") == 0
    assert pins(repositories, "asr_mine") == dict.fromkeys(own | canaries, (2,))
    assert set(pins(repositories, "asr").values()) == {(1,)}
    assert check_repositories(repositories) == []
    assert versions(repositories, "move", "asr_mine", "1") == 0
    assert versions(repositories, "drop", "asr_mine", "2") == 0
    assert contents(repositories) == before
    capsys.readouterr()


def test_recognisers_share_the_detector_of_speech_which_has_versions_of_its_own(repositories):
    names = {name: f"{name}_mine" for name in GROUPS["asr"]}
    ModelSet(*repositories, names, "_mine").create()
    for name, other in names.items():
        shutil.copytree(repositories[0] / name / "1", repositories[0] / other / "1", dirs_exist_ok=True)
    assert not (repositories[0] / "voice_activity_mine").exists()
    assert 'string_value: "voice_activity"' in (repositories[0] / "asr_windows_mine/config.pbtxt").read_text()
    assert all("voice_activity" not in group.models for group in read_inventory(repositories).groups.values())
    assert check_repositories(repositories) == []


def test_groups_of_one_name_are_named_after_their_callers(repositories):
    second_set(repositories[0], "asr", "asr_my{}")
    groups = read_inventory(repositories).groups.keys()
    assert groups == {"asr_windows", "asr_mywindows", "punctuation", "tts"}


def test_a_partner_that_two_models_share_joins_their_versions(repositories):
    """A model calls its partners in its own version, so their versions cannot differ."""
    german = second_set(repositories[0], "asr", "asr_de_{}")
    config = repositories[0] / "asr_de_windows/config.pbtxt"
    config.write_text(config.read_text().replace('"asr_de_features"', '"asr_features"'))
    groups = read_inventory(repositories).groups
    assert set(groups["asr"].models) == GROUPS["asr"] | (german - {"asr_de_features"})


def test_canary_that_differs_in_more_than_versions_is_found(repositories, capsys):
    versions(repositories, "serve", "punctuation", "2")
    config = repositories[1] / "punctuate_canary/config.pbtxt"
    config.write_text(config.read_text().replace("max_batch_size: 16", "max_batch_size: 8"))
    assert any(
        "punctuate_canary: differs from punctuate" in line for line in check_repositories(repositories)
    )
    capsys.readouterr()


def test_canary_without_its_pipeline_is_found(repositories):
    shutil.copytree(repositories[1] / "punctuate", repositories[1] / "spell_canary")
    assert any(
        "spell_canary: expected its pipeline spell" in line for line in check_repositories(repositories)
    )


def test_edits_keep_comments_and_layout():
    text = (REPOSITORIES[0] / "tts_tacotron2/config.pbtxt").read_text()
    changed = with_policy(text, [2, 1])
    assert changed.replace("[ 1, 2 ]", "[ 1 ]") == text
    text = (REPOSITORIES[1] / "punctuate/config.pbtxt").read_text()
    assert with_pins(text, {"punctuation_windows": 7}).replace("model_version: 7", "model_version: 1") == text


def test_a_missing_policy_is_added():
    text = (REPOSITORIES[0] / "asr_windows/config.pbtxt").read_text()
    without = re.sub(r"version_policy.*\n", "", text)
    assert with_policy(without, [1]) == text


def test_a_form_that_cannot_be_edited_is_rejected():
    spread = "version_policy {\n  specific { versions: [ 1 ] }\n}\nmax_batch_size: 1\n"
    with pytest.raises(ArtifactError, match="expected one line"):
        with_policy(spread, [1, 2])
    with pytest.raises(ArtifactError, match="after that of model_name"):
        with_pins('ensemble_scheduling { step { model_version: 1 model_name: "x" } }', {"x": 2})


def test_edits_that_fail_midway_are_undone(tmp_path, monkeypatch):
    first, second, third = (tmp_path / name for name in ("first", "second", "new/third"))
    first.write_text("1")
    second.write_text("2")
    replace = os.replace

    def failing(source, target):
        if Path(target).name == "third":
            monkeypatch.undo()
            raise OSError("disk gone")
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="disk gone"):
        Edits({first: "one", second: None, third: "three"}).apply()
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["first", "second"]
    assert (first.read_text(), second.read_text()) == ("1", "2")


def test_a_variant_set_aside_for_a_missing_engine_is_edited_too(repositories, capsys):
    variant = repositories[0] / "punctuation_bert/configs/tensorrt.pbtxt"
    aside = variant.rename(variant.with_name("tensorrt.pbtxt.unused"))
    versions(repositories, "serve", "punctuation", "2")
    assert "versions: [ 1, 2 ]" in aside.read_text()
    capsys.readouterr()


def test_show_lists_what_is_served_and_used(repositories, capsys):
    shutil.rmtree(repositories[0] / "punctuation_bert/2")
    versions(repositories, "show")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["models", "version", "checkpoint", "served", "used", "by"]
    network = json.loads((repositories[0] / "asr_quartznet/1/network.json").read_text())
    checkpoint = f"{network['checkpoint']} {network['checkpoint_sha256'][:12]}"
    assert re.search(rf"^asr +1 +{re.escape(checkpoint)} +yes +pipelines$", lines[1])
    assert re.search(r"^punctuation +2 +incomplete, punctuation_bert missing +no +none$", lines[3])


def test_server_is_not_asked_without_its_key(repositories, capsys, monkeypatch):
    monkeypatch.delenv("TRITONE_ADMIN_KEY", raising=False)
    before = contents(repositories)
    assert versions(repositories, "serve", "punctuation", "2", "--server", "127.0.0.1:1") == 1
    assert "admin key: expected the one" in capsys.readouterr().err
    assert contents(repositories) == before


def test_server_that_does_not_answer_leaves_the_configs_as_they_were(repositories, capsys, monkeypatch):
    monkeypatch.setenv("TRITONE_ADMIN_KEY", "key")
    before = contents(repositories)
    assert versions(repositories, "serve", "punctuation", "2", "--server", "127.0.0.1:1") == 1
    assert "expected an answer from 127.0.0.1:1" in capsys.readouterr().err
    assert contents(repositories) == before
