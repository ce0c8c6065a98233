import re
import shutil

import pytest

from tritone.repository.checks import check_repositories
from tritone.server.options import REPOSITORIES


@pytest.fixture
def repositories(tmp_path):
    """Copies of the real repositories, to break."""
    return [shutil.copytree(path, tmp_path / path.name) for path in REPOSITORIES]


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_committed_repositories_are_in_order():
    assert check_repositories(REPOSITORIES) == []


@pytest.mark.parametrize(
    ("model", "old", "new", "says"),
    [
        ("model_repository/asr_features", 'name: "asr_features"', 'name: "features"', "like the folder"),
        (
            "model_repository/asr_features",
            "[ 64, -1 ]  # mel",
            "[ 80, -1 ]  # mel",
            r"dims \[-1, 80, -1\] in the config",
        ),
        ("model_repository/asr_quartznet", 'name: "features_length"', 'name: "length"', "asr_quartznet"),
        (
            "model_repository/asr_quartznet",
            "TYPE_INT64",
            "TYPE_INT32",
            "INT32 in the config, INT64 in the graph",
        ),
        ("model_repository/punctuation_bert", "  # tokens\n", "\n", "comment with axis and unit"),
        (
            "model_repository/asr_windows",
            'name: "log_probs_length"',
            'name: "frames"',
            "never creates the output",
        ),
        ("model_repository/audio_decoder", 'name: "audio_bytes"', 'name: "file"', "never reads the input"),
        ("ensembles/punctuate", 'value: "valid_transcript"', 'value: "other"', "no earlier step gives"),
        ("ensembles/punctuate", 'model_name: "text_validator"', 'model_name: "nobody"', "no such model"),
        (
            "ensembles/speech_to_text",
            'key: "transcript" value: "transcript_to_punctuate"',
            'key: "transcript" value: "transcript"',
            "an output of the pipeline",
        ),
        (
            "ensembles/speech_to_text",
            'name: "word_confidence"',
            'name: "confidence"',
            "contract: speech_to_text",
        ),
        ("ensembles/speech_to_text", "max_batch_size: 16", "max_batch_size: 0", "max_batch_size > 0"),
        (
            "ensembles/audio_to_text",
            'key: "audio_length" value: "audio_length"',
            'key: "n" value: "audio_length"',
            "n",
        ),
    ],
)
def test_each_kind_of_disagreement_is_found(repositories, model, old, new, says):
    edit(repositories[0].parent / model / "config.pbtxt", old, new)
    findings = "\n".join(check_repositories(repositories))
    assert re.search(says, findings), findings


def test_fields_out_of_order_are_found(repositories):
    path = repositories[0] / "asr_ctc_decoder/config.pbtxt"
    path.write_text(path.read_text().replace("max_batch_size: 16\n", "") + "\nmax_batch_size: 16\n")
    assert any("expected the order" in finding for finding in check_repositories(repositories))


def test_missing_graph_says_how_to_make_it(repositories):
    (repositories[0] / "asr_quartznet/1/model.onnx").unlink()
    assert any("make export" in finding for finding in check_repositories(repositories))


@pytest.mark.parametrize("sidecar", ["asr_windows/1/windows.json", "punctuation_windows/1/punctuation.json"])
def test_missing_sidecar_says_how_to_make_it(repositories, sidecar):
    (repositories[0] / sidecar).unlink()
    name = "/".join(sidecar.split("/")[1:])
    assert any(
        f"{name}: expected the exporter's file" in finding for finding in check_repositories(repositories)
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('bind_model("tts_waveglow"', 'bind_model("tts_hifigan"', "calls tts_hifigan, no such model"),
        ('["mel", "mel_length", "z"]', '["mel", "mel_length"]', r"gives tts_waveglow .* it takes .*'z'"),
        ('"z"], ["audio"]', '"z"], ["samples"]', "asks tts_waveglow for 'samples'"),
    ],
)
def test_call_that_does_not_fit_the_called_model_is_found(repositories, old, new, says):
    edit(repositories[0] / "tts_utterances/1/model.py", old, new)
    findings = "\n".join(check_repositories(repositories))
    assert re.search(says, findings), findings


def test_one_name_in_both_repositories_is_found(repositories):
    shutil.copytree(repositories[1] / "punctuate", repositories[0] / "punctuate")
    assert any("one model of this name" in finding for finding in check_repositories(repositories))


def test_undeclared_tensor_in_code_is_found(repositories):
    edit(repositories[0] / "text_validator/1/model.py", 'Tensor("valid_transcript"', 'Tensor("transcript_"')
    findings = check_repositories(repositories)
    assert any("creates 'transcript_'" in finding for finding in findings)
