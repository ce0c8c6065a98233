"""Trying checkpoints: measured on the real server, and the whole command where NeMo is installed."""

from __future__ import annotations

import functools
import http.server
import io
import os
import shutil
import tarfile
import threading

import pytest
from tritone_client import Client

from export.catalogue import catalogue
from perf.trial.__main__ import NEMO_PYTHON, main
from perf.trial.measuring import measure_punctuation, measure_recogniser, measure_voice
from perf.trial.steps import Trial

from .conftest import ROOT

CHECKPOINTS = ROOT / "training/checkpoints"
NAME = "stt_en_quartznet15x5"
with_nemo = pytest.mark.skipif(
    not (ROOT / NEMO_PYTHON).exists(), reason="needs the export environment: make export-env"
)


@pytest.fixture
def trial():
    return Trial("Trial", io.StringIO())


@pytest.fixture(scope="module")
def tried(server):
    with Client(server.grpc_url) as connected:
        yield connected


def outcomes(trial):
    return {step.name: step.passed for step in trial.steps}


def test_recogniser_passes_by_its_word_error_rate(trial, tried):
    measure_recogniser(trial, tried, tried, worst_rate=0.5)
    assert outcomes(trial) == {"words": True, "times": True, "speed": None}
    assert "on 15 recordings of 332 words, allowed 50%" in trial.steps[0].found


def test_recogniser_with_more_word_errors_than_allowed_fails(trial, tried):
    measure_recogniser(trial, tried, tried, worst_rate=0.01)
    assert outcomes(trial)["words"] is False


def test_voice_passes_by_duration_and_level(trial, tried):
    measure_voice(trial, tried, tried)
    assert outcomes(trial) == {"duration": True, "level": True, "words": None, "speed": None}


def test_punctuation_passes_by_keeping_words(trial, tried):
    measure_punctuation(trial, tried)
    assert outcomes(trial) == {"kept": True, "marks": None}


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A web server that publishes the bundled recogniser's checkpoint under a name of NGC's."""
    path = tmp_path / "mirror" / catalogue()[NAME].published.path
    path.parent.mkdir(parents=True)
    shutil.copyfile(CHECKPOINTS / "quartznet_people_en.nemo", path)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "mirror"))
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("TRITONE_NGC_URL", f"http://127.0.0.1:{served.server_address[1]}")
    yield
    served.shutdown()
    thread.join()
    served.server_close()


def state():
    """Every file of both repositories with its time of change."""
    folders = (ROOT / "model_repository", ROOT / "ensembles")
    files = (path for folder in folders for path in folder.rglob("*") if "__pycache__" not in path.parts)
    return {path: os.stat(path).st_mtime_ns for path in files if path.is_file()}


@with_nemo
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_published_name_is_fetched_exported_served_and_measured(mirror, tmp_path, capfd):
    before = state()
    python = ["--nemo-python", str(ROOT / NEMO_PYTHON)]
    given = [NAME, "--directory", str(tmp_path / "downloads"), "--scratch", str(tmp_path), "--threads", "2"]
    assert main([*given, *python]) == 0
    report = capfd.readouterr().out
    assert "Everything holds. Nothing was installed." in report
    assert "% on 15 recordings" in report
    assert f"make export CHECKPOINT={NAME} NAME=my_name" in report
    assert (tmp_path / f"downloads/{NAME}.nemo").is_file()
    assert state() == before
    assert not list(tmp_path.glob("tritone-trial-*"))


@with_nemo
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_voice_is_served_beside_the_bundled_one_and_measured(tmp_path, capfd):
    pair = [str(CHECKPOINTS / f"{half}_small_en.nemo") for half in ("tacotron2", "waveglow")]
    given = [*pair, "--scratch", str(tmp_path), "--threads", "2", "--nemo-python", str(ROOT / NEMO_PYTHON)]
    assert main(given) == 0
    report = capfd.readouterr().out.partition("Trial of")[2]
    assert "the answers came from tts_tacotron2_trial, tts_waveglow_trial" in report
    assert "Everything holds. Nothing was installed." in report


@with_nemo
@pytest.mark.timeout(300)
def test_checkpoint_that_nemo_cannot_restore_is_refused_and_nothing_served(tmp_path, capfd):
    path = tmp_path / "empty.nemo"
    config = b"target: nemo.collections.asr.models.EncDecCTCModel\nencoder: {}\n"
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("model_config.yaml")
        member.size = len(config)
        archive.addfile(member, io.BytesIO(config))
    code = main([str(path), "--scratch", str(tmp_path), "--nemo-python", str(ROOT / NEMO_PYTHON)])
    output = capfd.readouterr()
    assert code == 2
    assert "NeMo cannot restore empty.nemo" in output.err
    assert "FAILED: export. Nothing was installed." in output.out
    assert "Starting Triton" not in output.out
