"""The committed graphs are those of the committed checkpoints, and still equal NeMo."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from export.checkpoint import Checkpoint
from export.families import family_of
from export.family import Options
from export.installation import Stage
from export.verification import require

pytestmark = pytest.mark.parity

ROOT = Path(__file__).parents[2]
REPOSITORY = ROOT / "model_repository"
COMMITTED = {
    "quartznet_people_en.nemo": "asr_quartznet/1/network.json",
    "punctuation_bert_small_en.nemo": "punctuation_bert/1/bert.json",
    "tacotron2_small_en.nemo": "tts_utterances/1/spectrograms.json",
    "waveglow_small_en.nemo": "tts_utterances/1/vocoder.json",
}


@pytest.mark.parametrize("name", COMMITTED)
def test_committed_graphs_equal_the_committed_checkpoint(name, tmp_path):
    checkpoint = Checkpoint.open(ROOT / "training/checkpoints" / name)
    sidecar = json.loads((REPOSITORY / COMMITTED[name]).read_text())
    assert (sidecar["checkpoint"], sidecar["checkpoint_sha256"]) == (name, checkpoint.sha256)
    family = family_of(checkpoint, Options(REPOSITORY, calibration=ROOT / "demo/recordings"))
    for model in family.models:
        shutil.copytree(REPOSITORY / model / "1", tmp_path / model)
    family.restore()
    require(family.verify(Stage(tmp_path)))
