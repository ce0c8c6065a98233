"""The whole chain for recognisers that write in pieces: a .nemo file in, a model repository out."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from export import __main__ as command
from export.families.conformer.random_checkpoint import (
    conformer,
    fastconformer,
    hybrid_model,
    recognition_model,
    write_tokenizer,
)
from export.onnx_graph import Graph
from export.verification import max_abs
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.frames import Frames

from .conftest import sound

pytestmark = pytest.mark.parity

SMALL = {"n_layers": 2, "d_model": 48, "n_heads": 4, "subsampling_conv_channels": 16}
MODELS = {
    "conformer": lambda tokenizer: recognition_model(conformer(**SMALL), tokenizer),
    "fastconformer": lambda tokenizer: recognition_model(fastconformer(**SMALL), tokenizer),
    "hybrid": lambda tokenizer: hybrid_model(fastconformer(**SMALL), tokenizer),
}
TEXTS = ["the quick brown fox jumps over the lazy dog.", "pack my box with jugs, please!"]


@pytest.fixture(scope="module", params=MODELS.values(), ids=MODELS.keys())
def exported(request, recordings, tmp_path_factory):
    """A NeMo model and the repository that the command made of its checkpoint."""
    folder = tmp_path_factory.mktemp("pieces")
    (folder / "tokenizer").mkdir()
    write_tokenizer(folder / "tokenizer", TEXTS, 60)
    model = request.param(folder / "tokenizer")
    model.save_to(str(folder / "model.nemo"))
    given = [str(folder / "model.nemo"), "--repository", str(folder / "repository"), "--threads", "2"]
    assert command.main([*given, "--calibration", str(recordings)]) == 0
    return model, folder / "repository"


def read(repository, path):
    return json.loads((repository / path).read_text())


def test_sidecars_hold_the_table_of_pieces(exported):
    model, repository = exported
    decoder = read(repository, "asr_ctc_decoder/1/ctc.json")
    assert len(decoder["labels"]) == model.tokenizer.vocab_size == decoder["blank_index"]
    assert decoder["unknown"] == [0]
    assert decoder["labels"][decoder["starts_word"][0]] != ""
    assert {decoder["labels"][index] for index in decoder["joins_previous"]} >= {".", ",", "!"}
    assert decoder["end_pad_s"] > 0
    network = read(repository, "asr_conformer/1/network.json")
    assert decoder["frame_s"] == pytest.approx(0.01 * network["stride"])


def test_int8_batch_equals_its_clips_alone(exported):
    _, repository = exported
    features = Graph(repository / "asr_features/1/model.onnx")
    network = Graph(repository / "asr_conformer/1/model_int8.onnx")
    clips = [sound(samples) for samples in (16000, 3000, 48000)]
    audio = np.zeros((3, 48000), np.float32)
    for row, clip in zip(audio, clips, strict=True):
        row[: clip.size] = clip
    together = network(**features(audio=audio, audio_length=np.array([[clip.size] for clip in clips])))
    for row, clip in enumerate(clips):
        alone = network(**features(audio=clip[None], audio_length=np.array([[clip.size]])))
        frames = alone["log_probs_length"][0, 0]
        assert max_abs(together["log_probs"][row, :frames], alone["log_probs"][0, :frames]) <= 1e-4


def test_decoder_writes_a_sentence_like_the_tokenizer(exported):
    model, repository = exported
    decoder = CtcDecoder.load(repository / "asr_ctc_decoder/1/ctc.json")
    for text in TEXTS:
        ids = model.tokenizer.text_to_ids(text)
        best = np.array([item for index in ids for item in (index, decoder.labels.blank)], np.int32)[:, None]
        frames = Frames(np.zeros(best.shape, np.float32), best)
        assert decoder.decode(frames, 100.0).transcript == model.tokenizer.ids_to_text(ids) == text


def test_hybrid_is_exported_with_its_ctc_head(exported):
    model, repository = exported
    if not hasattr(model, "ctc_decoder"):
        pytest.skip("no hybrid")
    features = torch.randn(1, 80, 200)
    with torch.no_grad():
        encoded, _ = model.encoder(audio_signal=features, length=torch.tensor([200]))
        expected = model.ctc_decoder(encoder_output=encoded)[0].numpy()
    measured = Graph(repository / "asr_conformer/1/model.onnx")(
        features=features.numpy(), features_length=np.array([[200]])
    )
    assert max_abs(measured["log_probs"][0], expected) <= 1e-3
