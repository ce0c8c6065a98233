"""The whole chain for a voice beside the bundled one: two .nemo files in, models and pipelines out."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from export import __main__ as command
from export.families.fastpitch.random_checkpoint import spectrogram_model, transformer
from export.families.hifigan.random_checkpoint import generator, vocoder_model
from export.synthesis.random_mel import MEL
from tritone.repository.checks import check_repositories
from tritone.repository.configs import read_config
from tritone.synthesis.voice import Voice
from tritone.text.symbols import SymbolSet

from .voices import saved, tacotron2

pytestmark = pytest.mark.parity

ROOT = Path(__file__).resolve().parents[2]
VOICE = ROOT / "tests/server/voice"
MODELS = ("tts_tokenizer", "tts_utterances", "text_to_speech_stream", "tts_fastpitch", "tts_hifigan")
MELS = 16
SMALL = transformer(n_layer=1, d_model=32, d_head=8, d_inner=48)
HIFIGAN = generator(
    upsample_initial_channel=16, resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3, 5]]
)


def fastpitch(**changes):
    return spectrogram_model(SMALL, MELS, filters=16, **changes)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    several = {"n_speakers": 3, "speaker_emb_condition_prosody": True}
    return {
        "fastpitch": saved(fastpitch(**several), folder / "fastpitch.nemo"),
        "one speaker": saved(fastpitch(), folder / "fastpitch_one.nemo"),
        "hifigan": saved(vocoder_model(HIFIGAN, MELS), folder / "hifigan.nemo"),
        "tacotron2": saved(tacotron2(mel={**MEL, "nfilt": MELS}), folder / "tacotron2.nemo"),
        "other mel": saved(vocoder_model(HIFIGAN, 20), folder / "hifigan_20.nemo"),
    }


@pytest.fixture
def repositories(tmp_path):
    ignored = shutil.ignore_patterns("asr_*", "punctuat*", "speech_to_*", "audio_to_*", "*int8*")
    for name in ("model_repository", "ensembles"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    return tmp_path


def export(folder, *paths, expected=0, name="second", options=()):
    given = ["--repository", str(folder / "model_repository"), "--ensembles", str(folder / "ensembles")]
    assert command.main([*map(str, paths), *given, "--beside", name, "--threads", "2", *options]) == expected


def made(folder):
    return {path.name for path in folder.glob("*/*") if path.name.endswith("_second")}


def test_a_pair_is_served_beside_the_bundled_voice(checkpoints, repositories):
    before = {path: path.read_bytes() for path in repositories.rglob("*") if path.is_file()}
    export(repositories, checkpoints["hifigan"], checkpoints["fastpitch"])
    models, ensembles = repositories / "model_repository", repositories / "ensembles"
    assert {path: path.read_bytes() for path in before} == before
    assert made(repositories) == {
        *(f"{model}_second" for model in MODELS),
        *("text_to_speech_second", "text_to_audio_second"),
    }
    config = read_config(models / "tts_utterances_second/config.pbtxt")
    assert config.parameters["spectrogram_model"].string_value == "tts_fastpitch_second"
    assert config.parameters["vocoder_model"].string_value == "tts_hifigan_second"
    assert "denoiser_model" not in config.parameters
    voice = Voice.load(models / "tts_utterances_second/1")
    assert (voice.spectrograms.speakers, voice.vocoder.context_frames, voice.mels) == (3, 6, MELS)
    assert SymbolSet.load(models / "tts_tokenizer_second/1").encode("hello")
    assert [line for line in check_repositories([models, ensembles]) if "_second" in line] == []


def test_the_voice_of_the_server_tests_is_what_an_export_makes(checkpoints, repositories):
    """After a change of the exporters, TRITONE_WRITE_VOICE=1 has it written again."""
    export(repositories, checkpoints["fastpitch"], checkpoints["hifigan"])
    for model in MODELS:
        fresh = repositories / f"model_repository/{model}_second/1"
        files = [path for path in fresh.iterdir() if path.suffix in (".onnx", ".json")]
        if os.environ.get("TRITONE_WRITE_VOICE"):
            (VOICE / model).mkdir(parents=True, exist_ok=True)
            for path in files:
                shutil.copyfile(path, VOICE / model / path.name)
        for path in files:
            committed = VOICE / model / path.name
            assert path.suffix == ".onnx" or described(path) == described(committed)


def described(path):
    """A sidecar without the checkpoint's checksum, which depends on when it was written."""
    return {name: value for name, value in json.loads(path.read_text()).items() if "sha256" not in name}


def test_a_checkpoint_of_one_speaker_is_served_without_that_input(checkpoints, repositories):
    export(repositories, checkpoints["one speaker"], checkpoints["hifigan"])
    for path in (repositories / "model_repository/tts_fastpitch_second").glob("**/*.pbtxt"):
        config = read_config(path)
        assert "speaker" not in [tensor.name for tensor in config.input]
        assert all("speaker" not in request.inputs for request in config.model_warmup)


def test_one_half_is_exported_again_as_a_new_version_with_a_copy_of_the_other(checkpoints, repositories):
    export(repositories, checkpoints["fastpitch"], checkpoints["hifigan"])
    export(repositories, checkpoints["fastpitch"], options=("--version", "2"))
    models = repositories / "model_repository"
    assert (models / "tts_hifigan_second/2/model.onnx").read_bytes() == (
        models / "tts_hifigan_second/1/model.onnx"
    ).read_bytes()
    assert Voice.load(models / "tts_utterances_second/2") == Voice.load(models / "tts_utterances_second/1")


@pytest.mark.parametrize("half", ["tacotron2_small_en", "waveglow_small_en"])
def test_one_half_of_a_new_set_gets_a_copy_of_the_bundled_other_half(repositories, half):
    export(repositories, ROOT / f"training/checkpoints/{half}.nemo")
    models, ensembles = repositories / "model_repository", repositories / "ensembles"
    bundled = (
        "tts_tokenizer",
        "tts_utterances",
        "text_to_speech_stream",
        "tts_tacotron2",
        "tts_waveglow",
        "tts_denoiser",
    )
    assert {path.name for path in models.glob("*_second")} == {f"{name}_second" for name in bundled}
    assert Voice.load(models / "tts_utterances_second/1") == Voice.load(models / "tts_utterances/1")
    assert [line for line in check_repositories([models, ensembles]) if "_second" in line] == []


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["fastpitch"], "does not match the WaveGlowModel that it would be served with"),
        (["fastpitch", "other mel"], "mels 16 and 20"),
    ],
    ids=["alone", "of other mel settings"],
)
def test_halves_that_do_not_match_leave_nothing(checkpoints, repositories, capsys, names, says):
    export(repositories, *(checkpoints[name] for name in names), expected=2)
    assert says in capsys.readouterr().err
    assert made(repositories) == set()


def test_a_set_keeps_the_kind_of_its_networks(checkpoints, repositories, capsys):
    export(repositories, checkpoints["fastpitch"], checkpoints["hifigan"])
    export(repositories, checkpoints["tacotron2"], expected=2)
    assert "expected a set with spectrogram_model tts_tacotron2_second, got tts_fastpitch_second" in (
        capsys.readouterr().err
    )


def test_either_spectrogram_half_goes_with_either_vocoder(checkpoints, repositories):
    export(repositories, checkpoints["tacotron2"], checkpoints["hifigan"])
    voice = Voice.load(repositories / "model_repository/tts_utterances_second/1")
    assert (voice.spectrograms.kind, voice.vocoder.kind) == ("autoregressive", "direct")


def test_a_second_half_that_fails_takes_the_first_away_again(checkpoints, repositories, monkeypatch):
    from export.families.hifigan.family import HifiGan
    from export.verification import Check

    monkeypatch.setattr(HifiGan, "verify", lambda self, stage: [Check("audio", "max abs", 1.0, 0.1)])
    export(repositories, checkpoints["fastpitch"], checkpoints["hifigan"], expected=1)
    assert made(repositories) == set()


def test_a_second_half_that_fails_leaves_a_set_as_it_was(checkpoints, repositories, monkeypatch):
    from export.families.hifigan.family import HifiGan
    from export.verification import Check

    export(repositories, checkpoints["fastpitch"], checkpoints["hifigan"])
    before = {path: path.read_bytes() for path in repositories.rglob("*") if path.is_file()}
    monkeypatch.setattr(HifiGan, "verify", lambda self, stage: [Check("audio", "max abs", 1.0, 0.1)])
    again = (checkpoints["fastpitch"], checkpoints["hifigan"])
    for version in ("1", "2"):
        export(repositories, *again, expected=1, options=("--version", version))
        assert {path: path.read_bytes() for path in repositories.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_set_keeps_the_inputs_of_its_networks(checkpoints, repositories, capsys, version):
    export(repositories, checkpoints["one speaker"], checkpoints["hifigan"])
    before = {path: path.read_bytes() for path in repositories.rglob("*") if path.is_file()}
    export(repositories, checkpoints["fastpitch"], expected=2, options=("--version", version))
    assert "tts_fastpitch_second: expected a checkpoint with the inputs of its config" in (
        capsys.readouterr().err
    )
    assert {path: path.read_bytes() for path in repositories.rglob("*") if path.is_file()} == before


def test_a_punctuation_model_has_no_set_of_its_own(repositories, capsys):
    before = {path: path.read_bytes() for path in repositories.rglob("*") if path.is_file()}
    export(repositories, ROOT / "training/checkpoints/punctuation_bert_small_en.nemo", expected=2)
    assert "expected a recogniser or a voice" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in repositories.rglob("*") if path.is_file()} == before


def test_without_a_name_a_network_without_configs_is_refused(checkpoints, repositories, capsys):
    given = [str(checkpoints["fastpitch"]), str(checkpoints["hifigan"])]
    assert command.main([*given, "--repository", str(repositories / "model_repository")]) == 2
    assert "expected a config of tts_fastpitch" in capsys.readouterr().err
