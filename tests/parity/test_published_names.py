"""The export of a checkpoint that is given by its published name, from a web server on this machine."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest

from export import __main__ as command
from export.catalogue import catalogue
from export.families.conformer.random_checkpoint import fastconformer, recognition_model, write_tokenizer

pytestmark = pytest.mark.parity

ROOT = Path(__file__).resolve().parents[2]
NAME = "parakeet-ctc-0.6b"
SMALL = {"n_layers": 2, "d_model": 48, "n_heads": 4, "subsampling_conv_channels": 16}


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A small FastConformer at Parakeet's address."""
    path = tmp_path / "hub" / catalogue()[NAME].published.path
    path.parent.mkdir(parents=True)
    (tmp_path / "tokenizer").mkdir()
    write_tokenizer(tmp_path / "tokenizer", ["pack my box with five dozen jugs"], 30)
    recognition_model(fastconformer(**SMALL), tmp_path / "tokenizer").save_to(str(path))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "hub"))
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{served.server_address[1]}")
    yield path
    served.shutdown()
    thread.join()
    served.server_close()


def test_published_name_is_downloaded_and_exported_in_one_command(published, tmp_path, recordings, capsys):
    for name in ("model_repository", "ensembles"):
        ignored = shutil.ignore_patterns("*.onnx", "*.json", "tts_*")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    given = [NAME, "--directory", str(tmp_path / "checkpoints"), "--threads", "2", "--no-int8"]
    places = ["--repository", str(tmp_path / "model_repository"), "--ensembles", str(tmp_path / "ensembles")]
    assert command.main([*given, *places, "--beside", "parakeet", "--calibration", str(recordings)]) == 0
    assert (tmp_path / f"checkpoints/{NAME}.nemo").read_bytes() == published.read_bytes()
    assert (tmp_path / "model_repository/asr_conformer_parakeet/1/model.onnx").is_file()
    summary = capsys.readouterr().out.partition("\nSummary\n")[2]
    assert f"{NAME}.nemo: EncDecCTCModelBPE, family conformer" in summary
    assert "all within their tolerances" in summary
    assert "asr_conformer_parakeet, asr_ctc_decoder_parakeet" in summary


def test_name_that_is_not_published_is_refused(tmp_path, capsys):
    assert command.main(["parakeet-ctc-7b", "--directory", str(tmp_path)]) == 2
    assert "make fetch-checkpoints" in capsys.readouterr().err
