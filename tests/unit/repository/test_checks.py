import hashlib
import json
import re
import shutil

import pytest

from tritone.repository.checks import check_repositories
from tritone.server.options import REPOSITORIES


@pytest.fixture
def repositories(tmp_path):
    """Copies of the real repositories, to be modified."""
    return [shutil.copytree(path, tmp_path / path.name) for path in REPOSITORIES]


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_committed_repositories_have_no_findings():
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
        ("ensembles/punctuate", 'model_name: "text_validator"', 'model_name: "missing"', "no such model"),
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


def test_partners_of_different_dims_are_found(repositories):
    for path in (repositories[0] / "asr_quartznet").rglob("*.pbtxt"):
        path.write_text(path.read_text().replace("dims: [ 64, -1 ]", "dims: [ 80, -1 ]"))
    findings = "\n".join(check_repositories(repositories))
    assert "acoustic_model: asr_quartznet takes 'features' as" in findings
    assert "asr_features gives" in findings


@pytest.mark.parametrize(
    "sidecar",
    [
        "asr_windows/1/windows.json",
        "punctuation_windows/1/punctuation.json",
        "punctuation_windows/1/tokenizer.json",
        "tts_utterances/1/vocoder.json",
        "asr_ctc_decoder/1/ctc.json",
    ],
)
def test_missing_sidecar_says_how_to_make_it(repositories, sidecar):
    (repositories[0] / sidecar).unlink()
    name = "/".join(sidecar.split("/")[1:])
    assert any(
        f"{name}: expected the exporter's file" in finding for finding in check_repositories(repositories)
    )


@pytest.mark.parametrize(
    ("model", "old", "new", "says"),
    [
        (
            "tts_utterances",
            '"tts_waveglow"',
            '"tts_hifigan"',
            "vocoder_model: names tts_hifigan, no such model",
        ),
        (
            "tts_utterances",
            '"tts_waveglow"',
            '"tts_tacotron2"',
            r"gives tts_tacotron2 \['mel', 'mel_length', 'z'\], it",
        ),
        (
            "tts_utterances",
            '"tts_waveglow"',
            '"tts_tacotron2"',
            "asks tts_tacotron2 for 'audio', which it does not",
        ),
        (
            "tts_utterances",
            '"vocoder_model"',
            '"voice_model"',
            "expected the partners of one kind .* voice_model",
        ),
        ("asr_windows", '"asr_quartznet"', '""', "acoustic_model: expected the name of a model, got ''"),
        (
            "asr_windows",
            '"punctuation_windows"',
            '"tts_tokenizer"',
            r"gives tts_tokenizer \['transcript'\], it takes",
        ),
        ("text_validator", '"punctuation_windows"', '"missing"', "next_model: names missing, no such model"),
        (
            "asr_ctc_decoder",
            '"asr_windows"',
            '"asr_window"',
            "versions_with: names asr_window, no such model",
        ),
        (
            "punctuation_windows",
            '"16"',
            '"many"',
            "requests_in_flight: expected a positive number, got 'many'",
        ),
    ],
)
def test_a_partner_that_does_not_match_is_found(repositories, model, old, new, says):
    edit(repositories[0] / model / "config.pbtxt", old, new)
    findings = "\n".join(check_repositories(repositories))
    assert re.search(says, findings), findings


def test_one_name_in_both_repositories_is_found(repositories):
    shutil.copytree(repositories[1] / "punctuate", repositories[0] / "punctuate")
    assert any("one model of this name" in finding for finding in check_repositories(repositories))


def test_undeclared_tensor_in_code_is_found(repositories):
    edit(repositories[0] / "text_validator/1/model.py", 'Tensor("valid_transcript"', 'Tensor("transcript_"')
    findings = check_repositories(repositories)
    assert any("creates 'transcript_'" in finding for finding in findings)


@pytest.mark.parametrize(
    ("path", "old", "new", "says"),
    [
        (
            "asr_quartznet/configs/tensorrt.pbtxt",
            "max_batch_size: 16",
            "max_batch_size: 32",
            "max_batch_size: expected at most 16",
        ),
        (
            "asr_quartznet/configs/tensorrt.pbtxt",
            '"model.plan"',
            '"model.engine"',
            "default_model_filename: expected 'model.plan'",
        ),
        ("asr_quartznet/configs/tensorrt.pbtxt", "KIND_GPU", "KIND_CPU", "expected KIND_GPU for an engine"),
        (
            "asr_quartznet/configs/tensorrt.pbtxt",
            "[ -1, 29 ]",
            "[ -1, 28 ]",
            "a variant must not change the interface",
        ),
        (
            "tts_tacotron2/configs/cuda.pbtxt",
            "TYPE_FP32",
            "TYPE_FP16",
            "a variant must not change the interface",
        ),
        (
            "tts_utterances/configs/cuda.pbtxt",
            "max_batch_size: 16",
            "max_batch_size: 8",
            "max_batch_size: expected the same as in config.pbtxt",
        ),
        (
            "tts_utterances/configs/tensorrt.pbtxt",
            'key: "frames_bucket"',
            'key: "frame_bucket"',
            "frame_bucket, frames_bucket in one of them",
        ),
        (
            "asr_quartznet/configs/cuda.pbtxt",
            "versions: [ 1 ]",
            "versions: [ 2 ]",
            "version_policy: expected the same",
        ),
    ],
)
def test_variant_that_changes_too_much_is_found(repositories, path, old, new, says):
    edit(repositories[0] / path, old, new)
    findings = "\n".join(check_repositories(repositories))
    assert says in findings, findings


def test_an_engine_config_is_compared_with_the_graph(repositories):
    for config in ("config.pbtxt", "configs/tensorrt.pbtxt", "configs/cuda.pbtxt", "configs/int8.pbtxt"):
        edit(repositories[0] / "asr_quartznet" / config, "[ -1, 29 ]", "[ -1, 28 ]")
    findings = [line for line in check_repositories(repositories) if "asr_quartznet/configs/tensorrt" in line]
    assert any("[-1, -1, 28] in the config, [-1, -1, 29] in the graph" in line for line in findings)


def test_engines_are_optional_but_must_be_built_from_their_graphs(repositories):
    version = repositories[0] / "asr_quartznet/1"
    (version / "model.plan").write_bytes(b"plan")
    assert any("expected an engine of model.onnx" in finding for finding in check_repositories(repositories))
    digest = hashlib.sha256((version / "model.onnx").read_bytes()).hexdigest()
    (version / "model.plan.json").write_text(json.dumps({"graph_sha256": digest}))
    assert check_repositories(repositories) == []


def test_onnx_runtime_may_replace_an_engine(repositories):
    configs = repositories[0] / "asr_quartznet/configs"
    (configs / "tensorrt.pbtxt").write_text((configs / "cuda.pbtxt").read_text())
    assert check_repositories(repositories) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "says"),
    [
        (
            "asr_stream/1/stream.json",
            '"hop_samples": 160',
            '"hop_samples": 128',
            "hop_samples is 128, 160 in",
        ),
        ("asr_stream/1/stream.json", '"blank_index"', '"blank"', "expected blank_index"),
        (
            "asr_stream/config.pbtxt",
            '"idle_s" value: { string_value: "30"',
            '"idle_s" value: { string_value: "60"',
            "idle_s",
        ),
        (
            "asr_stream/config.pbtxt",
            "max_candidate_sequences: 1024",
            "max_candidate_sequences: 256",
            "max_streams: expected less than max_candidate_sequences",
        ),
        (
            "asr_stream/config.pbtxt",
            '"max_segment_s" value: { string_value: "30"',
            '"max_segment_s" value: { string_value: "19"',
            "max_chunk_s",
        ),
        (
            "asr_stream/config.pbtxt",
            '"speech_to_text"',
            '"speech_to_words"',
            "recognition_model: names speech_to_words",
        ),
        ("asr_stream/config.pbtxt", 'name: "speech_started"', 'name: "speech_begun"', "contract: asr_stream"),
        (
            "asr_stream/config.pbtxt",
            '"batch_audio_s" value: { string_value: "30"',
            '"batch_audio_s" value: { string_value: "60"',
            "max_elements.audio: expected 960000 or more",
        ),
    ],
)
def test_a_model_of_streams_that_does_not_fit_is_found(repositories, path, old, new, says):
    edit(repositories[0] / path, old, new)
    findings = "\n".join(check_repositories(repositories))
    assert says in findings, findings
