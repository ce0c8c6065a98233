"""Checks of an exported graph against the original model, and the table that reports them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.columns import aligned
from export.errors import VerificationError

Array = NDArray[Any]


@dataclass(frozen=True)
class Check:
    """One comparison; it passes when the error is at most the tolerance."""

    subject: str  #: what was compared, for example "features, 12 clips"
    measure: str  #: how the error is measured, for example "max abs"
    error: float  #: in units of the measure
    tolerance: float | None  #: None if the error is only reported

    @property
    def passed(self) -> bool:
        """Whether the error is a number within the tolerance."""
        return self.tolerance is None or bool(self.error <= self.tolerance)

    @property
    def failure(self) -> str:
        """The check as errors state it."""
        return f"{self.subject}: {self.measure} {self.error:.3g}, allowed {self.tolerance:.3g}"


def max_abs(measured: Array, expected: Array) -> float:
    """Largest absolute difference; infinite when the shapes differ or a value is not finite."""
    if measured.shape != expected.shape or not np.isfinite(measured).all():
        return float("inf")
    return float(np.abs(measured - expected).max(initial=0.0))


def relative_l2(measured: Array, expected: Array) -> float:
    """L2 norm of the difference over that of the expected values; infinite when the shapes differ."""
    if measured.shape != expected.shape or not np.isfinite(measured).all():
        return float("inf")
    norm = float(np.linalg.norm(expected))
    difference = float(np.linalg.norm(measured - expected))
    return difference / norm if norm > 0 else difference


def disagreement(measured: Sequence[object], expected: Sequence[object]) -> float:
    """Fraction of positions that differ, in [0, 1]; 1 when the lengths differ."""
    if len(measured) != len(expected):
        return 1.0
    if not expected:
        return 0.0
    return sum(a != b for a, b in zip(measured, expected, strict=True)) / len(expected)


def table(checks: Sequence[Check]) -> str:
    """The checks as aligned columns, one line each."""
    rows = [("compared", "measure", "error", "tolerance", "")]
    for check in checks:
        tolerance = "-" if check.tolerance is None else f"{check.tolerance:.3g}"
        verdict = "" if check.tolerance is None else ("ok" if check.passed else "FAILED")
        rows.append((check.subject, check.measure, f"{check.error:.3g}", tolerance, verdict))
    return "\n".join(aligned(rows))


def require(
    checks: Sequence[Check],
    subject: str = "verification",
    consequence: str = "The model repository is unchanged.",
) -> None:
    """Raise unless every check passed.

    Raises:
        VerificationError: names the checks that did not.
    """
    failed = [check.failure for check in checks if not check.passed]
    if failed:
        raise VerificationError(f"{subject}: {'; '.join(failed)}. {consequence}")
