import shutil

import pytest

from tritone.repository.configs import read_repositories
from tritone.repository.queues import check_queues
from tritone.server.options import REPOSITORIES


@pytest.fixture
def repositories(tmp_path):
    """Copies of the real repositories, to be modified."""
    return [shutil.copytree(path, tmp_path / path.name) for path in REPOSITORIES]


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def without_bounds(path):
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "queue_" not in line))


def findings(repositories):
    return check_queues(list(read_repositories(repositories)))


def test_the_committed_queues_have_no_findings():
    assert findings(REPOSITORIES) == []


@pytest.mark.parametrize(
    ("fronts", "pipelines"),
    [
        (["text_validator"], ["punctuate"]),
        (["asr_windows"], ["speech_to_text"]),
        (["asr_windows", "audio_decoder"], ["audio_to_text", "speech_to_text"]),
        (["tts_tokenizer", "tts_utterances"], ["text_to_audio", "text_to_speech"]),
        (["text_to_speech_stream"], ["text_to_speech_stream"]),
    ],
)
def test_a_pipeline_without_a_bounded_queue_at_its_front_is_found(repositories, fronts, pipelines):
    for model in fronts:
        for path in (repositories[0] / model).rglob("*.pbtxt"):
            without_bounds(path)
    found = [line for line in findings(repositories) if "expected queue_requests and queue_timeout_s" in line]
    assert sorted({line.partition(":")[0] for line in found}) == pipelines


@pytest.mark.parametrize("model", ["punctuation_windows", "asr_features", "audio_encoder", "asr_ctc_decoder"])
def test_a_bounded_queue_after_the_front_is_found(repositories, model):
    path = repositories[0] / model / "config.pbtxt"
    path.write_text(
        path.read_text() + 'parameters { key: "queue_requests" value: { string_value: "9999" } }\n'
    )
    found = [line for line in findings(repositories) if model in line]
    assert any("queue_requests: expected none after the front of a pipeline" in line for line in found)


@pytest.mark.parametrize("config", ["asr_windows/config.pbtxt", "asr_quartznet/configs/int8.pbtxt"])
def test_a_queue_policy_of_tritons_own_is_found_in_every_variant(repositories, config):
    path = repositories[0] / config
    text = path.read_text().replace("dynamic_batching { }", "")
    path.write_text(text + "dynamic_batching { default_queue_policy { max_queue_size: 64 } }\n")
    (finding,) = findings(repositories)
    assert f"{config}: dynamic_batching: expected no queue policy" in finding


def test_a_bound_without_the_others_is_found(repositories):
    edit(repositories[0] / "asr_windows/config.pbtxt", "queue_timeout_s", "queue_timeout")
    assert any(
        "queue_timeout_s: expected together with queue_requests" in line for line in findings(repositories)
    )


def test_a_model_without_a_queue_limit_needs_back_pressure(repositories):
    edit(repositories[0] / "text_validator/config.pbtxt", '"punctuation_windows"', '"audio_encoder"')
    (finding,) = findings(repositories)
    assert "punctuate: punctuation_windows: expected an earlier step with back-pressure" in finding
