"""The whole chain for recognition: a .nemo file in, a served model repository out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from nemo.collections.asr.models import EncDecCTCModel
from onnx import numpy_helper

from export import __main__ as command
from export.families.quartznet.random_checkpoint import LABELS, quartznet15x5, recognition_model
from export.onnx_graph import Graph
from export.recognition import features as front_end
from export.recognition.recordings import load_recordings
from export.recognition.verification import Exported, Original, error_rates
from export.verification import max_abs, relative_l2
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.labels import letter_fields

from .acoustic_models import normalised
from .conftest import SAMPLE_RATE_HZ, sound

pytestmark = pytest.mark.parity

BUNDLED = Path(__file__).resolve().parents[2] / "model_repository"


@pytest.fixture(scope="module", params=["quartznet", "jasper"])
def exported(request, checkpoints, recordings, tmp_path_factory):
    """The checkpoint and the repository that it was exported to."""
    repository = tmp_path_factory.mktemp("repository")
    run(checkpoints[request.param], repository, recordings)
    return checkpoints[request.param], repository


def run(checkpoint: Path, repository: Path, recordings: Path, *arguments: str, expected: int = 0) -> None:
    given = [str(checkpoint), "--repository", str(repository), "--calibration", str(recordings), *arguments]
    assert command.main([*given, "--threads", "2"]) == expected


def recognise(repository: Path, clips: list[np.ndarray], graph: str = "model.onnx") -> list[np.ndarray]:
    """Log-probabilities of clips as one batch, through the installed graphs."""
    audio = np.zeros((len(clips), max(clip.size for clip in clips)), np.float32)
    for row, clip in zip(audio, clips, strict=True):
        row[: clip.size] = clip
    features = Graph(repository / "asr_features/1/model.onnx")(
        audio=audio, audio_length=np.array([[clip.size] for clip in clips])
    )
    output = Graph(repository / "asr_quartznet/1" / graph)(**normalised(features))
    return [
        row[:length] for row, (length,) in zip(output["log_probs"], output["log_probs_length"], strict=True)
    ]


def test_installed_graphs_equal_nemo_on_audio_of_mixed_lengths(exported):
    checkpoint, repository = exported
    model = EncDecCTCModel.restore_from(str(checkpoint), map_location="cpu").eval()
    clips = [sound(samples) for samples in (16000, 300, 47999, 480, 12345)]
    for clip, measured in zip(clips, recognise(repository, clips), strict=True):
        with torch.no_grad():
            expected, length, _ = model(
                input_signal=torch.from_numpy(clip)[None], input_signal_length=torch.tensor([clip.size])
            )
        assert relative_l2(measured, expected[0, : int(length)].numpy()) <= 1e-4


def test_int8_batch_equals_its_clips_alone(exported):
    _, repository = exported
    clips = [sound(samples) for samples in (16000, 300, 48000)]
    batch = recognise(repository, clips, "model_int8.onnx")
    for clip, measured in zip(clips, batch, strict=True):
        assert max_abs(measured, recognise(repository, [clip], "model_int8.onnx")[0]) <= 1e-3


def test_int8_stays_close_to_float(exported):
    _, repository = exported
    clip = sound(48000)
    exact, measured = (recognise(repository, [clip], name)[0] for name in ("model.onnx", "model_int8.onnx"))
    assert 0 < relative_l2(measured, exact) < 0.1


def test_graphs_have_the_contract_of_their_configs(exported):
    _, repository = exported
    expected = {
        "asr_features/1/model.onnx": {
            "audio": (1, ["B", "N"]),
            "audio_length": (7, ["B", 1]),
            "features": (1, ["B", 64, "T"]),
            "features_length": (7, ["B", 1]),
            "log_mel": (1, ["B", 64, "T"]),
        },
        "asr_quartznet/1/model.onnx": {
            "features": (1, ["B", 64, "T"]),
            "features_length": (7, ["B", 1]),
            "log_probs": (1, ["B", "frames", 29]),
            "log_probs_length": (7, ["B", 1]),
        },
    }
    expected["asr_quartznet/1/model_int8.onnx"] = expected["asr_quartznet/1/model.onnx"]
    for path, tensors in expected.items():
        graph = onnx.load(str(repository / path)).graph
        found = {
            value.name: (
                value.type.tensor_type.elem_type,
                [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim],
            )
            for value in (*graph.input, *graph.output)
        }
        assert found == tensors, path


def test_sidecars_say_what_the_checkpoint_decides(exported):
    checkpoint, repository = exported

    def read(path: str) -> dict:
        return json.loads((repository / path).read_text())

    features = read("asr_features/1/features.json")
    assert (features["sample_rate_hz"], features["hop_samples"], features["mels"]) == (
        SAMPLE_RATE_HZ,
        160,
        64,
    )
    assert features["bucket_frames"] == front_end.BUCKET_FRAMES
    network = read("asr_quartznet/1/network.json")
    assert network["checkpoint"] == checkpoint.name
    assert network["parameters"] > 1000
    assert network["stride"] == 2
    assert read("asr_windows/1/windows.json")["frame_samples"] == 320
    decoder = read("asr_ctc_decoder/1/ctc.json")
    assert decoder == {**letter_fields(LABELS, 28), "frame_s": 0.02, "end_pad_s": 0.0}


def test_failed_verification_leaves_the_repository_untouched(
    checkpoints, recordings, tmp_path, monkeypatch, capsys
):
    repository = tmp_path / "repository"
    run(checkpoints["quartznet"], repository, recordings)
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    monkeypatch.setattr(front_end, "STD_GUARD", 0.1)
    run(checkpoints["jasper"], repository, recordings, expected=1)
    output = capsys.readouterr()
    assert "FAILED" in output.out
    assert "is unchanged" in output.err
    assert {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()} == before


def test_only_the_named_models_are_installed(checkpoints, recordings, tmp_path):
    other = tmp_path / "asr_quartznet/3/model_int8.onnx"
    other.parent.mkdir(parents=True)
    other.write_text("of a model that is not named")
    chosen = ("--name", "asr_ctc_decoder", "--version", "3", "--no-int8")
    run(checkpoints["quartznet"], tmp_path, recordings, *chosen)
    assert other.exists()
    installed = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert installed - {str(other.relative_to(tmp_path))} == {"asr_ctc_decoder/3/ctc.json"}


def test_unknown_name_is_refused(checkpoints, recordings, tmp_path, capsys):
    run(checkpoints["quartznet"], tmp_path, recordings, "--name", "asr_whisper", expected=2)
    assert "got asr_whisper" in capsys.readouterr().err


def test_without_int8_an_earlier_int8_graph_goes(checkpoints, recordings, tmp_path):
    run(checkpoints["quartznet"], tmp_path, recordings)
    run(checkpoints["jasper"], tmp_path, tmp_path / "no recordings", "--no-int8")
    assert not (tmp_path / "asr_quartznet/1/model_int8.onnx").exists()


def test_missing_calibration_audio_is_refused_with_the_remedy(checkpoints, tmp_path, capsys):
    run(checkpoints["quartznet"], tmp_path / "repository", tmp_path / "nowhere", expected=2)
    assert "--no-int8" in capsys.readouterr().err
    assert not (tmp_path / "repository").exists()


def test_full_size_quartznet_is_exported(recordings, tmp_path):
    checkpoint = tmp_path / "QuartzNet15x5.nemo"
    recognition_model(quartznet15x5()).save_to(str(checkpoint))
    run(checkpoint, tmp_path / "repository", recordings)
    network = json.loads((tmp_path / "repository/asr_quartznet/1/network.json").read_text())
    assert 18_900_000 < network["parameters"] < 19_000_000


def test_int8_graph_that_loses_words_fails_its_check(tmp_path):
    graph = onnx.load(str(BUNDLED / "asr_quartznet/1/model.onnx"))
    generator = np.random.default_rng(0)
    for tensor in graph.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype in (np.float16, np.float32) and values.size > 1000:
            noise = generator.standard_normal(values.shape) * values.std()
            tensor.CopyFrom(numpy_helper.from_array((values + noise).astype(values.dtype), tensor.name))
    onnx.save(graph, str(tmp_path / "coarse.onnx"))
    exported = Exported(
        features=Graph(BUNDLED / "asr_features/1/model.onnx"),
        acoustic_model=Graph(BUNDLED / "asr_quartznet/1/model.onnx"),
        int8=Graph(tmp_path / "coarse.onnx"),
        decoder=CtcDecoder.load(BUNDLED / "asr_ctc_decoder/1/ctc.json"),
    )
    recordings = load_recordings(BUNDLED.parent / "demo/recordings", SAMPLE_RATE_HZ)
    checks = error_rates(Original(None, None), exported, recordings)
    assert [check.subject for check in checks if not check.passed] == ["int8 against float"]
    same = error_rates(Original(None, None), replace(exported, int8=exported.acoustic_model), recordings)
    assert all(check.passed for check in same)


def test_a_language_model_stays_with_its_labels(checkpoints, recordings, tmp_path):
    run(checkpoints["quartznet"], tmp_path, recordings)
    decoder = tmp_path / "asr_ctc_decoder"
    (decoder / "1/words.arpa").write_text("of these labels")
    run(checkpoints["quartznet"], tmp_path, recordings)  # again
    run(checkpoints["quartznet"], tmp_path, recordings, "--version", "2")
    assert (decoder / "1/words.arpa").exists()
    assert (decoder / "2/words.arpa").read_text() == "of these labels"
    labels = decoder / "1/ctc.json"
    labels.write_text(labels.read_text().replace('"q"', '"ß"'))
    (decoder / "2/words.arpa").unlink()
    run(checkpoints["quartznet"], tmp_path, recordings)  # in place of a recogniser with other labels
    assert not (decoder / "1/words.arpa").exists()
