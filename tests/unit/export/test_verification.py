"""The table that decides whether an export is installed."""

from __future__ import annotations

import numpy as np
import pytest

from export.errors import VerificationError
from export.verification import Check, disagreement, max_abs, relative_l2, require, table

GOOD = Check("features", "max abs", 1e-5, 1e-3)
BAD = Check("log-probs", "relative L2", 0.5, 1e-4)
REPORTED = Check("int8", "word error rate", 0.25, None)


def test_check_passes_up_to_its_tolerance():
    assert GOOD.passed
    assert Check("a", "b", 1e-3, 1e-3).passed
    assert not BAD.passed


def test_nan_never_passes():
    assert not Check("a", "b", float("nan"), 1.0).passed


def test_reported_figure_cannot_fail():
    assert REPORTED.passed
    require([GOOD, REPORTED])


def test_failure_names_the_check_and_both_numbers():
    with pytest.raises(VerificationError, match=r"log-probs: relative L2 0\.5, allowed 0\.0001"):
        require([GOOD, BAD])


def test_table_has_one_aligned_line_per_check():
    lines = table([GOOD, BAD, REPORTED]).splitlines()
    assert len(lines) == 5
    assert lines[2].endswith("ok")
    assert lines[3].endswith("FAILED")
    assert {
        line.index(word) for line, word in zip(lines[2:], ("max abs", "relative", "word"), strict=True)
    } == {11}


@pytest.mark.parametrize("distance", [max_abs, relative_l2])
def test_other_shape_or_nan_is_infinitely_far(distance):
    expected = np.ones((2, 3), np.float32)
    assert distance(expected, expected) == 0
    assert distance(expected[:, :2], expected) == float("inf")
    assert distance(np.full_like(expected, np.nan), expected) == float("inf")


@pytest.mark.parametrize("distance", [max_abs, relative_l2])
def test_empty_arrays_are_equal(distance):
    assert distance(np.zeros((64, 0)), np.zeros((64, 0))) == 0


def test_distances_measure_what_they_say():
    assert max_abs(np.array([1.0, 2.5]), np.array([1.0, 2.0])) == 0.5
    assert relative_l2(np.array([3.0, 4.5]), np.array([3.0, 4.0])) == pytest.approx(0.1)


def test_disagreement_is_a_fraction():
    assert disagreement(["a", "b", "c", "d"], ["a", "b", "c", "x"]) == 0.25
    assert disagreement([], []) == 0
    assert disagreement(["a"], ["a", "b"]) == 1
