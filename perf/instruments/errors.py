"""What can go wrong in a measurement.

MeasurementError (RuntimeError)
├── UsageError               wrong arguments, found before anything starts: exit code 2
├── SetupError               something has to be installed or exported first
│   └── AnalyzerError        perf_analyzer is missing or does not start
└── ResultsError             results that cannot be read
"""

from __future__ import annotations


class MeasurementError(RuntimeError):
    """The measurement cannot go on; exit code 1."""


class UsageError(MeasurementError):
    """Wrong arguments, found before anything starts; exit code 2."""


class SetupError(MeasurementError):
    """Something has to be installed or exported first; the message says what."""


class AnalyzerError(SetupError):
    """perf_analyzer is missing or does not start."""


class ResultsError(MeasurementError):
    """Results that cannot be read."""
