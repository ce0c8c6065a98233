"""What may go wrong with a load test.

LoadTestError (RuntimeError)
├── UsageError               wrong arguments, found before anything starts: exit code 2
└── AnalyzerError            perf_analyzer is missing or does not start
"""

from __future__ import annotations


class LoadTestError(RuntimeError):
    """The load test cannot go on; exit code 1."""


class UsageError(LoadTestError):
    """Wrong arguments, found before anything starts; exit code 2."""


class AnalyzerError(LoadTestError):
    """perf_analyzer is missing or does not start."""
