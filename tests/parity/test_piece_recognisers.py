"""The whole chain for recognisers that write in pieces: a .nemo file in, a model repository out."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

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
from export.families.quartznet.random_checkpoint import block, citrinet_model
from export.onnx_graph import Graph
from export.verification import max_abs
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.frames import Frames
from tritone.repository.configs import read_config

from .acoustic_models import normalised
from .conftest import sound

pytestmark = pytest.mark.parity

ROOT = Path(__file__).resolve().parents[2]

SMALL = {"n_layers": 2, "d_model": 48, "n_heads": 4, "subsampling_conv_channels": 16}
CITRINET = [
    block(32, 5, stride=[2], se=True),
    block(32, 11, repeat=2, stride=[2], residual=True, residual_mode="stride_add", stride_last=True, se=True),
    block(32, 13, repeat=2, residual=True, se=True),
    block(48, 5, se=True),
]


MODELS = {
    "conformer": lambda tokenizer: recognition_model(conformer(**SMALL), tokenizer),
    "fastconformer": lambda tokenizer: recognition_model(fastconformer(**SMALL), tokenizer),
    "citrinet": lambda tokenizer: citrinet_model(CITRINET, tokenizer),
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
    for name in ("model_repository", "ensembles"):
        ignored = shutil.ignore_patterns("*.onnx", "*.json", "tts_*")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    given = [str(folder / "model.nemo"), "--repository", str(folder / "model_repository"), "--threads", "2"]
    beside = ["--beside", "small", "--ensembles", str(folder / "ensembles")]
    assert command.main([*given, *beside, "--calibration", str(recordings)]) == 0
    return model, folder / "model_repository"


@pytest.fixture(scope="module")
def network(exported):
    """The folder of the acoustic model."""
    (folder,) = (path.parent for path in exported[1].glob("asr_*_small/1/network.json"))
    return folder


def read(repository, path):
    return json.loads((repository / path).read_text())


def test_sidecars_hold_the_table_of_pieces(exported, network):
    model, repository = exported
    decoder = read(repository, "asr_ctc_decoder_small/1/ctc.json")
    assert len(decoder["labels"]) == model.tokenizer.vocab_size == decoder["blank_index"]
    assert decoder["unknown"] == [0]
    assert decoder["labels"][decoder["starts_word"][0]] != ""
    assert {decoder["labels"][index] for index in decoder["joins_previous"]} >= {".", ",", "!"}
    assert decoder["end_pad_s"] > 0
    stride = json.loads((network / "network.json").read_text())["stride"]
    assert decoder["frame_s"] == pytest.approx(0.01 * stride)


def test_int8_batch_equals_its_clips_alone(exported, network):
    _, repository = exported
    features = Graph(repository / "asr_features_small/1/model.onnx")
    int8 = Graph(network / "model_int8.onnx")
    clips = [sound(samples) for samples in (16000, 3000, 48000)]
    audio = np.zeros((3, 48000), np.float32)
    for row, clip in zip(audio, clips, strict=True):
        row[: clip.size] = clip
    lengths = np.array([[clip.size] for clip in clips])
    together = int8(**normalised(features(audio=audio, audio_length=lengths)))
    for row, clip in enumerate(clips):
        alone = int8(**normalised(features(audio=clip[None], audio_length=np.array([[clip.size]]))))
        frames = alone["log_probs_length"][0, 0]
        assert max_abs(together["log_probs"][row, :frames], alone["log_probs"][0, :frames]) <= 1e-4


def test_decoder_writes_a_sentence_like_the_tokenizer(exported):
    model, repository = exported
    decoder = CtcDecoder.load(repository / "asr_ctc_decoder_small/1/ctc.json")
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
    measured = Graph(repository / "asr_conformer_small/1/model.onnx")(
        features=features.numpy(), features_length=np.array([[200]])
    )
    assert max_abs(measured["log_probs"][0], expected) <= 1e-3


def test_pipelines_and_configs_of_its_name_fit_the_checkpoint(exported, network):
    model, repository = exported
    config = read_config(network.parent / "config.pbtxt")
    outputs = {output.name: list(output.dims) for output in config.output}
    assert outputs["log_probs"] == [-1, model.tokenizer.vocab_size + 1]
    inputs = {tensor.name: list(tensor.dims) for tensor in config.input}
    assert inputs["features"] == [80, -1]
    pipeline = read_config(repository.parent / "ensembles/speech_to_text_small/config.pbtxt")
    steps = [step.model_name for step in pipeline.ensemble_scheduling.step]
    assert steps[:3] == ["asr_windows_small", "asr_ctc_decoder_small", "punctuation_windows"]
    assert not (repository / "asr_ctc_decoder/1/ctc.json").exists()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A FastConformer's checkpoint."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "tokenizer").mkdir()
    write_tokenizer(folder / "tokenizer", TEXTS, 60)
    MODELS["fastconformer"](folder / "tokenizer").save_to(str(folder / "small.nemo"))
    return folder / "small.nemo"


def export(checkpoint, repository, recordings, *arguments):
    given = [str(checkpoint), "--repository", str(repository), "--calibration", str(recordings)]
    assert command.main([*given, "--threads", "2", *arguments]) == 0
    return repository / "asr_conformer/1"


def test_weights_beyond_the_limit_are_in_one_data_file_and_give_the_same(small, recordings, tmp_path):
    whole = export(small, tmp_path / "whole", recordings)
    parts = export(small, tmp_path / "parts", recordings, "--largest-file", "0")
    names = {"model.onnx", "model.onnx.data", "model_int8.onnx", "model_int8.onnx.data", "network.json"}
    assert {path.name for path in parts.iterdir()} == names
    given = {
        "features": np.random.default_rng(0).standard_normal((2, 80, 200)).astype(np.float32),
        "features_length": np.array([[200], [90]]),
    }
    for name in ("model.onnx", "model_int8.onnx"):
        expected, measured = (Graph(folder / name)(**given)["log_probs"] for folder in (whole, parts))
        np.testing.assert_array_equal(measured, expected)
    export(small, tmp_path / "parts", recordings, "--no-int8")
    assert {path.name for path in parts.iterdir()} == {"model.onnx", "network.json"}


def test_half_weights_take_half_the_room_and_stay_close_to_nemo(small, recordings, tmp_path, capsys):
    whole = export(small, tmp_path / "whole", recordings)
    half = export(small, tmp_path / "half", recordings, "--half")
    sizes = [(folder / "model.onnx").stat().st_size for folder in (whole, half)]
    assert sizes[1] < 0.65 * sizes[0]
    assert (whole / "model_int8.onnx").read_bytes() == (half / "model_int8.onnx").read_bytes()
    (row,) = [
        line for line in capsys.readouterr().out.splitlines() if re.search("log-probs.*L2 .* 0.02 ", line)
    ]
    assert 1e-5 < float(row.split()[-3]) < 0.02


@pytest.mark.parametrize("mib", ["-1", "3000"])
def test_file_larger_than_a_graph_can_be_is_refused(small, tmp_path, capsys, mib):
    assert command.main([str(small), "--repository", str(tmp_path / "none"), "--largest-file", mib]) == 2
    assert "largest-file: expected 0 to 2032 MiB" in capsys.readouterr().err
