"""How many words a coarser variant of a recogniser may lose."""

import pytest

from export.errors import VerificationError
from export.recognition.error_rates import rate_checks
from export.verification import require


def test_variant_that_loses_no_words_passes():
    checks = rate_checks({"float": 0.08, "int8": 0.08}, recordings=100, words=1000)
    assert [check.passed for check in checks] == [True] * 3
    assert "100 recordings" in checks[0].subject


def test_variant_that_loses_more_words_than_allowed_is_refused():
    checks = rate_checks({"float": 0.08, "int8": 0.11}, recordings=100, words=1000)
    with pytest.raises(VerificationError, match=r"int8 against float: .* 0\.03, allowed 0\.02"):
        require(checks)


def test_two_words_in_a_short_set_of_recordings_are_chance():
    assert all(check.passed for check in rate_checks({"float": 0.1, "int8": 0.13}, recordings=8, words=60))
    assert not all(
        check.passed for check in rate_checks({"float": 0.1, "int8": 0.15}, recordings=8, words=60)
    )


def test_better_variant_passes():
    assert all(check.passed for check in rate_checks({"float": 0.1, "int8": 0.0}, recordings=8, words=1000))


def test_recordings_that_are_not_recognised_decide_nothing():
    checks = rate_checks({"float": 0.9, "int8": 1.2}, recordings=8, words=1000)
    assert all(check.tolerance is None for check in checks)


def test_every_variant_is_compared_with_the_first():
    checks = rate_checks({"NeMo": 0.10, "half": 0.10, "int8": 0.14}, recordings=100, words=1000)
    assert [check.subject for check in checks if not check.passed] == ["int8 against NeMo"]
