"""What an export ends with."""

from __future__ import annotations

from export.summary import Summary, report
from export.verification import Check

CHECKS = [
    Check("features, 3 clips", "max abs", 1e-4, 1e-3),
    Check("log-probs, 3 clips", "max abs", 4e-3, 5e-3),
    Check("transcribe(), 3 clips", "texts differing", 0.0, 0.0),
    Check("float, 3 recordings with text", "word error rate", 0.05, None),
    Check("int8, 3 recordings with text", "word error rate", 0.06, 0.07),
]


def summary(role="recogniser", checks=CHECKS):
    models = ["asr_conformer", "asr_features"]
    return Summary(
        "parakeet.nemo", "EncDecCTCModelBPE, family conformer", role, checks, models, 4, 2_500_000_000
    )


def test_summary_tells_parity_words_and_what_was_written():
    text = report([summary()])
    assert "3 comparisons with NeMo" in text
    assert "closest is log-probs, 3 clips: max abs 0.004 of 0.005 allowed (80%)" in text
    rates = "float, 3 recordings with text 5.0%; int8, 3 recordings with text 6.0% (allowed 7.0%)"
    assert f"word error rate: {rates}" in text
    assert "4 files, 2.50 GB: asr_conformer, asr_features" in text


def test_summary_ends_with_commands_for_the_name():
    lines = report([summary()], "parakeet").splitlines()
    assert lines[-3:-1] == ["  make check", "  make serve"]
    assert "tritone transcribe --model parakeet " in lines[-1]


def test_pair_of_a_voice_is_called_once():
    text = report([summary("spectrograms"), summary("vocoder")])
    assert text.count("tritone synthesize") == 1


def test_commands_are_left_out_for_a_repository_that_make_does_not_serve():
    assert "make serve" not in report([summary()], commands=False)


def test_checks_without_tolerance_need_no_parity_figure():
    assert "0 comparisons" in report([summary(checks=CHECKS[-2:])])
