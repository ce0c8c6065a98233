"""The whole chain for synthesis: two .nemo files in, a served voice out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from nemo.collections.tts.models import Tacotron2Model, WaveGlowModel

from export.checkpoint import Checkpoint
from export.families import family_of
from export.families.tacotron2 import random_checkpoint as tacotron2_random
from export.families.tacotron2.reference import nemo_spectrogram
from export.families.tacotron2.verification import spectrograms
from export.families.waveglow import random_checkpoint as waveglow_random
from export.families.waveglow.reference import nemo_audio
from export.families.waveglow.verification import probe_noise, vocoded
from export.family import Options
from export.onnx_graph import Graph
from export.synthesis.mel import mel_settings
from export.synthesis.random_mel import FEATURES
from export.verification import relative_l2
from tritone.synthesis.voice import Autoregressive, Voice
from tritone.text.symbols import SymbolSet

from .voices import DICTIONARY, LABELS, MEL, run, saved, tacotron2, waveglow

pytestmark = pytest.mark.parity

REPOSITORY = Path(__file__).parents[2] / "model_repository"


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> tuple[Path, Path]:
    """Compressed checkpoints of a Tacotron 2 that reads phonemes and of its WaveGlow."""
    folder = tmp_path_factory.mktemp("checkpoints")
    dictionary, heteronyms = folder / "dictionary.txt", folder / "heteronyms.txt"
    dictionary.write_text(DICTIONARY, encoding="latin-1")
    heteronyms.write_text("read\n", encoding="latin-1")
    spectrograms = tacotron2(tacotron2_random.phonemes(dictionary, heteronyms), n_frames_per_step=2)
    return (
        saved(spectrograms, folder / "tacotron2.nemo", compressed=True),
        saved(waveglow(), folder / "waveglow.nemo", compressed=True),
    )


@pytest.fixture(scope="module")
def exported(pair, tmp_path_factory) -> Path:
    """The repository that both were exported to, with the configs that are served."""
    repository = tmp_path_factory.mktemp("repository")
    for model in ("tts_tacotron2", "tts_waveglow"):
        (repository / model).mkdir()
        shutil.copy(REPOSITORY / model / "config.pbtxt", repository / model)
    run(repository, *pair)
    return repository


def sidecar(repository: Path, path: str) -> dict:
    return json.loads((repository / path).read_text())


def test_voice_says_what_nemo_says(pair, exported):
    spectrogram_model = Tacotron2Model.restore_from(str(pair[0]), map_location="cpu").eval()
    vocoder_model = WaveGlowModel.restore_from(str(pair[1]), map_location="cpu").eval()
    symbols = SymbolSet.load(exported / "tts_tokenizer/1").encode("Hello, Jane! Read it's dogs.")
    assert symbols == spectrogram_model.parse("Hello, Jane! Read it's dogs.", normalize=False)[0].tolist()
    dropout = (np.random.default_rng(0).random((60, 2, 16)) < 0.5).astype(np.float32)
    expected = nemo_spectrogram(spectrogram_model, symbols, dropout)
    (spoken,) = spectrograms(Graph(exported / "tts_tacotron2/1/model.onnx"), [symbols], [dropout])
    assert relative_l2(spoken.mel, expected.mel) <= 1e-5
    z = probe_noise(8, spoken.mel_length * 32, 0.8)
    (audio,) = vocoded(Graph(exported / "tts_waveglow/1/model.onnx"), [spoken.mel], [z])
    assert relative_l2(audio, nemo_audio(vocoder_model, expected.mel, z)) <= 1e-4


def test_graphs_have_the_contract_of_their_configs(exported):
    expected = {
        "tts_tacotron2": {
            "symbols": (7, ["B", "S"]),
            "symbols_length": (7, ["B", 1]),
            "dropout": (1, ["B", "L", 2, 16]),
            "mel": (1, ["B", 20, "T"]),
            "mel_length": (7, ["B", 1]),
            "alignment": (1, ["B", "steps", "S"]),
            "gate": (1, ["B", "steps"]),
        },
        "tts_waveglow": {
            "mel": (1, ["B", 20, "T"]),
            "mel_length": (7, ["B", 1]),
            "z": (1, ["B", 8, "columns"]),
            "audio": (1, ["B", "N"]),
            "audio_length": (7, ["B", 1]),
        },
    }
    for model, tensors in expected.items():
        graph = onnx.load(str(exported / model / "1/model.onnx")).graph
        found = {
            value.name: (
                value.type.tensor_type.elem_type,
                [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim],
            )
            for value in (*graph.input, *graph.output)
        }
        assert found == tensors, model


def test_configs_get_the_checkpoints_dims_and_a_warm_up_that_fits(exported):
    spectrograms = (exported / "tts_tacotron2/config.pbtxt").read_text()
    assert "dims: [ -1, 2, 16 ]" in spectrograms
    vocoder = (exported / "tts_waveglow/config.pbtxt").read_text()
    assert "dims: [ 8, -1 ]" in vocoder
    frames = 8
    for warm_up in (f"dims: [ 20, {frames} ] zero_data", f"dims: [ 8, {frames * 256 // 8} ] zero_data"):
        assert warm_up in vocoder


def test_sidecars_say_what_the_checkpoints_decide(pair, exported):
    voice = Voice.load(exported / "tts_utterances/1")
    assert (voice.sample_rate_hz, voice.hop_samples, voice.mels, voice.vocoder.groups) == (16000, 256, 20, 8)
    assert voice.spectrograms == Autoregressive(
        frames_per_step=2,
        prenet_layers=2,
        prenet_units=16,
        dropout=0.5,
        max_decoder_steps=150,
        context_frames=10,
    )
    network = sidecar(exported, "tts_utterances/1/spectrograms.json")
    assert network["checkpoint_sha256"] == Checkpoint.open(pair[0]).sha256
    assert network["encoder_channels"] == 32
    assert network["mel"]["highest_hz"] == 8000.0
    assert sidecar(exported, "tts_denoiser/1/denoiser.json")["window_samples"] == 400
    assert np.load(exported / "tts_denoiser/1/bias.npy").shape == (257,)
    assert (exported / "tts_tokenizer/1/heteronyms.txt").read_text() == "read\n"


def test_int8_variant_is_smaller_and_close(exported):
    paths = [exported / "tts_tacotron2/1" / name for name in ("model.onnx", "model_int8.onnx")]
    assert paths[1].stat().st_size < paths[0].stat().st_size
    dropout = [np.ones((20, 2, 16), dtype=np.float32)]
    exact, coarse = (spectrograms(Graph(path), [[1, 2, 3]], dropout)[0] for path in paths)
    assert 0 < relative_l2(coarse.mel, exact.mel) < 0.05


@pytest.mark.parametrize("half", [0, 1], ids=["Tacotron 2", "WaveGlow"])
def test_half_that_does_not_fit_the_installed_one_is_refused(pair, exported, half, tmp_path, capsys):
    mel = {**MEL, "nfilt": 24, "highfreq": None, "log_zero_guard_type": "add"}
    stranger = saved((waveglow if half else tacotron2)(mel=mel), tmp_path / "stranger.nemo")
    before = {path: path.read_bytes() for path in exported.rglob("*") if path.is_file()}
    run(exported, stranger, expected=2)
    message = capsys.readouterr().err
    installed_first = "mels 20 and 24"
    assert (installed_first if half else "mels 24 and 20") in message
    assert "both in one command" in message
    assert {path: path.read_bytes() for path in exported.rglob("*") if path.is_file()} == before
    # Together with its own mate it is welcome, whatever is installed; with another it is not.
    run(tmp_path / "other", stranger, pair[1 - half], expected=2)
    assert not (tmp_path / "other").exists()


def test_both_halves_in_one_command_replace_an_installed_pair(exported, tmp_path):
    repository = shutil.copytree(exported, tmp_path / "repository")
    mel = {**MEL, "nfilt": 24}
    stranger = saved(tacotron2(mel=mel), tmp_path / "a.nemo"), saved(waveglow(mel), tmp_path / "b.nemo")
    run(repository, *stranger, options=("--no-int8",))
    for name in ("spectrograms", "vocoder"):
        assert sidecar(repository, f"tts_utterances/1/{name}.json")["mel"]["mels"] == 24
    assert not (repository / "tts_tacotron2/1/model_int8.onnx").exists()
    assert not (repository / "tts_tokenizer/1/pronunciations.txt").exists()


def test_new_version_of_one_half_gets_a_copy_of_the_other_half(pair, exported, tmp_path):
    repository = shutil.copytree(exported, tmp_path / "repository")
    run(repository, pair[1], options=("--version", "3"))
    folder = repository / "tts_utterances"
    assert (folder / "3/spectrograms.json").read_bytes() == (folder / "1/spectrograms.json").read_bytes()
    assert Voice.load(folder / "3").mels == 20
    for file in (
        "tts_tacotron2/{}/model.onnx",
        "tts_tacotron2/{}/model_int8.onnx",
        "tts_tokenizer/{}/tokenizer.json",
    ):
        assert (repository / file.format(3)).read_bytes() == (repository / file.format(1)).read_bytes()


def test_version_of_other_dims_is_refused_beside_the_installed_one(exported, tmp_path, capsys):
    repository = shutil.copytree(exported, tmp_path / "repository")
    mel = {**MEL, "nfilt": 24}
    stranger = saved(tacotron2(mel=mel), tmp_path / "a.nemo"), saved(waveglow(mel), tmp_path / "b.nemo")
    run(repository, *stranger, options=("--no-int8", "--version", "2"), expected=2)
    assert "tts_tacotron2: expected version 2 to have the dims of version 1" in capsys.readouterr().err
    assert not list(repository.glob("*/2"))


def test_vocoder_of_another_hop_is_refused(tmp_path, capsys):
    path = saved(waveglow({**MEL, "n_window_stride": 200}), tmp_path / "a.nemo")
    run(tmp_path / "repository", path, expected=2)
    assert "256 samples apart" in capsys.readouterr().err


def test_checkpoint_with_labels_has_symbols_too(tmp_path):
    path = saved(tacotron2(LABELS), tmp_path / "labels.nemo")
    run(tmp_path / "repository", path, options=("--no-int8",))
    tokenizer = sidecar(tmp_path / "repository", "tts_tokenizer/1/tokenizer.json")
    assert tokenizer["symbols"][-3:] == ["<bos>", "<eos>", "<pad>"]


def test_settings_are_read_alike_from_every_kind_of_preprocessor():
    features = {"_target_": FEATURES, **MEL}
    early = {"cls": "nemo.collections.asr.parts.features.FilterbankFeatures", "params": MEL}
    wrapped = {
        **{name: value for name, value in MEL.items() if name not in ("nfilt", "n_window_size")},
        "_target_": "nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor",
        "features": 20,
        "window_size": 0.025,
        "window_stride": None,
    }
    assert mel_settings(features) == mel_settings(early) == mel_settings(wrapped)
    assert mel_settings({**features, "highfreq": None})["highest_hz"] == 8000.0
    assert mel_settings({**features, "log_zero_guard_value": "1e-05"})["log_zero_guard_value"] == 1e-5
    assert mel_settings({**features, "log_zero_guard_value": "eps"})["log_zero_guard_value"] == 2**-23


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        (lambda: tacotron2_random.tacotron2_model(tacotron2_random.characters()), 28_200_000),
        (lambda: waveglow_random.waveglow_model(), 87_900_000),
    ],
    ids=["Tacotron 2", "WaveGlow"],
)
def test_full_size_networks_are_exported(model, parameters, tmp_path):
    checkpoint = saved(model(), tmp_path / "full.nemo")
    family = family_of(Checkpoint.open(checkpoint), Options(tmp_path / "repository"))
    assert all(check.passed for check in family.run())
    network = next((tmp_path / "repository/tts_utterances/1").iterdir())
    assert json.loads(network.read_text())["parameters"] == pytest.approx(parameters, rel=0.01)
