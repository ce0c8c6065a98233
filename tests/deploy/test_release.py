"""Releases on a real node: the first, the next under load, a broken one, the way back."""

from __future__ import annotations


def test_first_deploy_serves(served):
    state = served.state()
    assert state["ready"]
