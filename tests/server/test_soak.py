"""A short soak: every answer is right, whatever else is sent at the same time."""

from __future__ import annotations

from perf.instruments.server import Endpoints
from perf.soak.runner import Plan, report, soak

REQUESTS = 80  # of these, the seed chooses every kind of request but one


def test_mixed_requests_of_many_callers_are_answered_as_if_each_were_alone(server):
    # So few requests do not settle a server's memory; `make soak` checks that.
    target = Endpoints.of(server)
    outcome = soak(target, Plan(REQUESTS, minutes=4, callers=8, growth=1.0, seed=2))
    assert outcome.problems == [], report(outcome)
    assert outcome.tally.cancelled > 0
    assert len(outcome.tally.callers) == 4
    assert "right answers only" in report(outcome)
