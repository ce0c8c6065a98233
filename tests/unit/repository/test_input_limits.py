import json
import re
import shutil

import pytest

from tritone.repository.configs import read_repositories
from tritone.repository.input_limits import check_input_limits, raised_limits
from tritone.server.options import REPOSITORIES


@pytest.fixture
def repository(tmp_path):
    """The committed models without their graphs."""
    ignored = shutil.ignore_patterns("*.onnx", "*.npy", "*.txt", "__pycache__")
    return shutil.copytree(REPOSITORIES[0], tmp_path / "models", ignore=ignored)


def edit(path, pattern, new):
    text = path.read_text()
    changed = re.sub(pattern, new, text)
    assert changed != text
    path.write_text(changed)


def findings(repository):
    return check_input_limits(list(read_repositories([repository])))


def test_the_committed_limits_allow_what_callers_send(repository):
    assert findings(repository) == []


def test_every_graph_bounds_its_inputs_in_every_cpu_config(repository):
    for path in repository.glob("*/config.pbtxt"):
        if 'backend: "onnxruntime"' in path.read_text():
            edit(path, r'"max_elements\.(\w+)"', r'"min_elements.\1"')
    missing = [line for line in findings(repository) if "got none" in line]
    assert {line.split("/models/")[1].split("/")[0] for line in missing} == {
        *("asr_features", "asr_quartznet", "punctuation_bert", "tts_tacotron2", "tts_waveglow"),
        "voice_activity",
    }


@pytest.mark.parametrize(
    ("caller", "change", "found"),
    [
        (
            "asr_windows/config.pbtxt",
            (r'("window_s".*)"30"', r'\1"60"'),
            {"audio": 960_000, "features": 64 * 6016},
        ),
        (
            "punctuation_windows/1/punctuation.json",
            (r'"max_seq_length": 64', '"max_seq_length": 120'),
            {"input_ids": 2048, "attention_mask": 2048},
        ),
        (
            "tts_utterances/configs/cuda.pbtxt",
            (r'("utterances_per_batch".*)"\d+"', r'\1"32"'),
            {"symbols": 32 * 480, "dropout": 32 * 240 * 2 * 128},
        ),
        (
            "tts_utterances/1/spectrograms.json",
            (r'"max_decoder_steps": 240', '"max_decoder_steps": 400'),
            {"symbols": 8 * 800, "dropout": 8 * 400 * 2 * 128, "mel": 80 * 1600, "z": 1600 * 256},
        ),
    ],
)
def test_a_caller_that_sends_more_is_found_and_the_exporter_fixes_it(repository, caller, change, found):
    edit(repository / caller, *change)
    lines = findings(repository)
    assert {
        (match[1], int(match[2]))
        for line in lines
        if (match := re.search(r"max_elements\.(\w+): expected (\d+) or more", line))
    } == set(found.items())
    for path, text in raised_limits(repository).items():
        path.write_text(text)
    assert findings(repository) == []
    assert raised_limits(repository) == {}


def test_detector_must_take_the_stretches_that_it_is_sent_whatever_the_window(repository):
    edit(repository / "voice_activity/config.pbtxt", '("max_elements.audio".*)"480000"', r'\1"16000"')
    edit(repository / "asr_windows/config.pbtxt", '("window_s".*)"30"', r'\1"20"')
    (line,) = [line for line in findings(repository) if "voice_activity" in line]
    assert "max_elements.audio: expected 479744 or more" in line


def test_halves_of_a_voice_that_do_not_match_yet_are_skipped(repository):
    path = repository / "tts_utterances/1/spectrograms.json"
    content = json.loads(path.read_text())
    content["max_decoder_steps"] = 4000
    content["mel"]["mels"] = 40
    path.write_text(json.dumps(content))
    assert raised_limits(repository) == {}


def test_a_step_that_accepts_less_than_an_earlier_one_is_found(repository):
    edit(repository / "asr_ctc_decoder/config.pbtxt", '("max_audio_s".*)"3600"', r'\1"1800"')
    lines = check_input_limits(list(read_repositories([repository, REPOSITORIES[1]])))
    assert "speech_to_text: parameter max_audio_s of asr_ctc_decoder: expected 3600 or more" in "\n".join(
        lines
    )
