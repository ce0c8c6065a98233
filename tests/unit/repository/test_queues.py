import re
import shutil

import pytest

from tritone.repository.checks import check_repositories
from tritone.repository.configs import ModelFolder, read_config
from tritone.repository.queues import at_work
from tritone.server.options import REPOSITORIES

FRONTS = (
    "asr_windows",
    "audio_decoder",
    "format_validator",
    "text_validator",
    "tts_tokenizer",
    "tts_utterances",
)


@pytest.fixture
def repositories(tmp_path):
    """Copies of the real repositories, to break."""
    return [shutil.copytree(path, tmp_path / path.name) for path in REPOSITORIES]


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("model", FRONTS)
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("max_queue_size: 64", "", "expected a default_queue_policy with max_queue_size"),
        ("default_timeout_microseconds: 30000000", "", "expected a default_queue_policy"),
        ("timeout_action: REJECT", "timeout_action: DELAY", "expected timeout_action REJECT"),
        (
            "preferred_batch_size: [ 1 ]",
            "preferred_batch_size: [ 4 ]",
            r"expected preferred_batch_size \[ 1 \]",
        ),
    ],
)
def test_every_front_has_a_queue_that_is_bounded_in_length_and_time(repositories, model, old, new, says):
    edit(repositories[0] / model / "config.pbtxt", old, new)
    (finding,) = check_repositories(repositories)
    assert re.search(rf"{model}/config\.pbtxt: dynamic_batching: {says}", finding)


def test_nothing_times_out_behind_the_front(repositories):
    policy = "dynamic_batching { default_queue_policy { default_timeout_microseconds: 1000000 } }"
    edit(repositories[0] / "punctuation_bert/config.pbtxt", "dynamic_batching { }", policy)
    (finding,) = check_repositories(repositories)
    assert "punctuation_bert/config.pbtxt: dynamic_batching: expected no timeout behind" in finding


@pytest.mark.parametrize(("size", "findings"), [(63, 1), (64, 0)])
def test_a_limit_behind_the_front_must_hold_what_the_front_lets_in(repositories, size, findings):
    policy = f"dynamic_batching {{ default_queue_policy {{ max_queue_size: {size} }} }}"
    for path in (repositories[0] / "asr_features").rglob("config.pbtxt"):
        edit(path, "dynamic_batching { }", policy)
    found = check_repositories(repositories)
    assert len(found) == findings
    assert all("none, or 64 and more, which is what asr_windows can have at work" in line for line in found)


def test_a_variant_of_a_config_keeps_the_rules(repositories):
    policy = "dynamic_batching { default_queue_policy { max_queue_size: 8 } }"
    edit(repositories[0] / "asr_quartznet/configs/int8.pbtxt", "dynamic_batching { }", policy)
    (finding,) = check_repositories(repositories)
    assert "asr_quartznet/configs/int8.pbtxt" in finding


def test_a_model_without_limit_is_waited_for_by_the_one_before_it(repositories):
    edit(repositories[0] / "text_validator/1/model.py", '"punctuation_windows"', '"audio_encoder"')
    (finding,) = check_repositories(repositories)
    assert "punctuate: punctuation_windows: expected a step before it that waits for it" in finding


def test_what_is_at_work_is_the_product_of_a_models_limits():
    path = REPOSITORIES[0] / "tts_utterances"
    config = read_config(path / "config.pbtxt")
    assert at_work(ModelFolder(path, path / "config.pbtxt", config)) == 16 * 2 * 4
