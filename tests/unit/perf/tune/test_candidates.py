import pytest

from perf.tune.candidates import MODELS, PIPELINES, Candidate, pipeline_of, single, uniform
from perf.tune.outcome import Figures, Outcome, advised, all_at_once, finalists
from perf.tune.report import markdown
from perf.tune.settings import Setting, TuneError

COMMITTED = dict.fromkeys(MODELS, Setting(2, 1))
GRID = [Setting(1, 1), Setting(2, 1)]


def outcome(settings, rates, committed=(10.0, 10.0), pipelines=("speech_to_text",), p95=100.0):
    candidate = Candidate("candidate", settings, pipelines)
    return Outcome(candidate, Figures(committed, 40.0, 80.0), Figures(tuple(rates), 50.0, p95), 12, 0)


def test_a_single_candidate_changes_one_model_and_never_repeats_the_committed():
    found = single(MODELS, GRID, COMMITTED)
    assert [candidate.settings for candidate in found] == [{model: Setting(1, 1)} for model in MODELS]
    assert found[0].pipelines == ("speech_to_text",)
    assert found[-1].pipelines == ("text_to_speech",)


def test_a_uniform_candidate_changes_a_pipeline_at_once():
    found = uniform(MODELS, GRID, COMMITTED)
    assert [set(candidate.settings) for candidate in found] == [set(models) for models in PIPELINES.values()]
    mixed = {**COMMITTED, "asr_quartznet": Setting(1, 1)}
    assert len(uniform(MODELS, GRID, mixed)) == 3


def test_one_model_alone_is_no_uniform_candidate():
    assert uniform(["asr_quartznet"], GRID, COMMITTED) == []


def test_an_unknown_model_is_named():
    with pytest.raises(TuneError, match="got 'asr_whisper'"):
        pipeline_of("asr_whisper")


@pytest.mark.parametrize(
    ("rates", "gains"),
    [
        ((10.4, 10.5), True),
        ((10.1, 10.2), False),  # within the noise
        ((9.9, 14.0), False),  # slower in one round
        ((10.0, 14.0), False),
    ],
)
def test_a_gain_needs_every_round_and_a_margin(rates, gains):
    assert outcome({"asr_quartznet": Setting(1, 2)}, rates).gains is gains


def test_ratios_pair_the_rounds():
    measured = outcome({"asr_quartznet": Setting(1, 2)}, (12.0, 30.0, 22.0), (10.0, 20.0, 20.0))
    assert measured.ratios == pytest.approx([1.2, 1.5, 1.1])
    assert measured.ratio == pytest.approx(1.2)
    assert measured.p95_ratio == pytest.approx(1.25)


def test_finalists_put_the_best_settings_of_single_models_together():
    found = finalists(
        [
            outcome({"asr_quartznet": Setting(1, 1)}, (11.0, 11.0)),
            outcome({"asr_quartznet": Setting(1, 2)}, (12.0, 12.0)),
            outcome({"punctuation_bert": Setting(1, 1)}, (11.0, 11.0)),
            outcome({"asr_features": Setting(1, 1)}, (9.0, 9.0)),
        ]
    )
    assert [candidate.settings for candidate in found] == [
        {"asr_quartznet": Setting(1, 2), "punctuation_bert": Setting(1, 1)}
    ]
    assert found[0].pipelines == ("speech_to_text",)


def test_the_best_uniform_setting_is_a_finalist_too():
    slower, faster = (dict.fromkeys(PIPELINES["speech_to_text"], Setting(1, n)) for n in (1, 2))
    single_model = outcome({"asr_quartznet": Setting(1, 2)}, (12.0, 12.0))
    found = finalists([outcome(slower, (11.0, 11.0)), outcome(faster, (13.0, 13.0)), single_model])
    assert [candidate.settings for candidate in found] == [{"asr_quartznet": Setting(1, 2)}, faster]


def test_without_a_gain_there_is_no_finalist():
    assert finalists([outcome({"asr_quartznet": Setting(1, 2)}, (9.0, 12.0))]) == []


def test_advice_is_the_finalist_that_gains_most_when_measured_again():
    small = outcome({"asr_quartznet": Setting(1, 2)}, (12.0, 12.0))
    large = outcome({"asr_quartznet": Setting(1, 2), "asr_features": Setting(1, 1)}, (13.0, 13.0))
    lucky = outcome({"tts_waveglow": Setting(1, 1)}, (9.0, 30.0), pipelines=("text_to_speech",))
    assert advised([small, large, lucky]) == {"speech_to_text": large}


def test_all_advice_is_followed_with_both_pipelines_at_once():
    heard = outcome({"asr_quartznet": Setting(1, 2)}, (12.0, 12.0))
    spoken = outcome({"tts_waveglow": Setting(1, 1)}, (12.0, 12.0), pipelines=("text_to_speech",))
    (both,) = all_at_once({"speech_to_text": heard, "text_to_speech": spoken})
    assert both.settings == {"asr_quartznet": Setting(1, 2), "tts_waveglow": Setting(1, 1)}
    assert both.pipelines == tuple(PIPELINES)
    assert all_at_once({}) == []


def test_report_has_the_lines_to_paste_where_something_gains():
    settings = {"asr_quartznet": Setting(1, 2), "asr_features": Setting(2, 1)}
    measured = outcome(settings, (12.0, 12.0))
    text = markdown([measured], {"speech_to_text": measured}, COMMITTED, 4, 2)
    assert "    # asr_quartznet" in text
    assert "    instance_group { count: 1 kind: KIND_CPU }" in text
    assert "# asr_features" not in text  # as committed
    assert "keep the committed configs" not in text


def test_report_says_when_nothing_gains():
    lucky = outcome({"asr_quartznet": Setting(1, 2)}, (12.0, 12.0))
    text = markdown([lucky], {}, COMMITTED, 4, 2)
    assert "keep the committed configs" in text
    assert "instance_group" not in text
