"""What a trial measures and reports, and what it refuses before anything runs."""

from __future__ import annotations

import io
import shutil
import sys
import tarfile

import numpy as np
import pytest
from tritone_client import Speech, Transcription, Word

from export.errors import ExportError
from export.model_set import ModelSet
from perf.trial.__main__ import main, require_free_name
from perf.trial.measuring import comparable, in_order, level, peak, recordings, roles_tried
from perf.trial.steps import Trial
from tritone.server.options import REPOSITORIES


def test_texts_are_compared_without_capitals_and_marks():
    assert comparable("It's a well-known  thing, Sir.") == "it's a well known thing sir"


def test_every_recording_of_the_demo_is_there_with_its_text():
    found = recordings()
    assert len(found) > 5
    assert all(one.file.is_file() and one.text for one in found)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([(0.0, 0.5), (0.5, 1.0)], True),
        ([(0.5, 1.0), (0.0, 0.5)], False),
        ([(0.0, 3.0)], False),
        ([(-0.1, 0.5)], False),
        ([(0.5, 0.5)], False),
        ([], True),
    ],
    ids=["ascending", "descending", "beyond the end", "before the start", "no duration", "no word"],
)
def test_word_times_must_ascend_within_the_recording(times, expected):
    words = tuple(Word("a", start_s, end_s, 1.0) for start_s, end_s in times)
    assert in_order(Transcription("a", "a", words, 2.0)) is expected


def test_level_tells_silence_and_noise_from_speech():
    assert level(Speech(np.zeros(0, np.float32), 16000)) == 0.0
    assert level(Speech(np.full(100, -0.5, np.float32), 16000)) == pytest.approx(0.5)
    assert level(Speech(np.array([0.1, np.nan], np.float32), 16000)) == float("inf")
    assert peak(Speech(np.array([0.1, -0.7], np.float32), 16000)) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (["recogniser"], "recogniser"),
        (["punctuation"], "punctuation"),
        (["vocoder", "spectrograms"], "voice"),
        (["vocoder"], ""),
        (["spectrograms", "spectrograms"], ""),
        (["recogniser", "vocoder"], ""),
    ],
)
def test_one_model_or_one_pair_is_tried(roles, expected):
    assert roles_tried(roles) == expected


def test_report_names_what_failed_and_gives_no_command_to_install_it():
    trial = Trial("Trial of a.nemo", io.StringIO())
    trial.add("export", True, "equal")
    assert "Everything holds. Nothing was installed.\nTo install it: make it" in trial.report("make it")
    trial.add("words", False, "word error rate 99%")
    trial.add("speed", None, "fast")
    assert not trial.passed
    text = trial.report("make it")
    assert "FAILED: words." in text
    assert "make it" not in text
    assert "  words     FAILED  word error rate 99%" in text.splitlines()


def write_archive(path, target):
    config = f"target: {target}\n".encode()
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("model_config.yaml")
        member.size = len(config)
        archive.addfile(member, io.BytesIO(config))
    return str(path)


def test_half_of_a_voice_is_refused_with_the_remedy(tmp_path, capsys):
    path = write_archive(tmp_path / "a.nemo", "nemo.collections.tts.models.WaveGlowModel")
    assert main([path, "--nemo-python", "/nowhere"]) == 2
    message = capsys.readouterr().err
    assert "both halves of a voice" in message
    assert "WaveGlowModel (vocoder)" in message


def test_unknown_name_is_refused(capsys):
    assert main(["no_such_model"]) == 2
    assert "make fetch-checkpoints" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--nemo-python", "/nowhere"], "found none at /nowhere; run `make export-env`"),
        (["--nemo-python", sys.executable, "--scratch", "/nowhere"], "scratch: expected a folder"),
    ],
    ids=["NeMo", "scratch"],
)
def test_paths_that_are_not_there_are_named(tmp_path, capsys, options, says):
    path = write_archive(tmp_path / "a.nemo", "nemo.collections.asr.models.EncDecCTCModel")
    assert main([path, *options]) == 2
    assert says in capsys.readouterr().err


def test_installed_set_of_the_name_of_trials_is_not_measured_instead(tmp_path):
    copies = [shutil.copytree(path, tmp_path / path.name) for path in REPOSITORIES]
    require_free_name(copies)
    names = {name: f"{name}_trial" for name in ("tts_tokenizer", "tts_utterances")}
    ModelSet(*copies, names, "_trial").create()
    with pytest.raises(ExportError, match="make remove NAME=trial"):
        require_free_name(copies)
