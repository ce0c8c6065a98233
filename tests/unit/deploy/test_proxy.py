"""Draining, with given responses of Envoy."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from deploy.checks import Checks
from deploy.errors import ProxyError
from deploy.layout import NodeLayout
from deploy.options import Timeouts
from deploy.progress import Progress
from deploy.proxy import Proxy
from deploy.smoke import SmokeTest
from deploy.state import NodeState, ProxySettings
from tritone.server import Ports

from .releases import a_release


class Responses(Checks):
    """Gives responses of Envoy's admin endpoint one after another, and repeats the last one."""

    def __init__(self, *answers):
        super().__init__(None, Progress(stream=io.StringIO()), SmokeTest([]))
        self.left = list(answers)

    def envoy(self, socket, path):
        answer = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if answer is None:
            raise ProxyError("Envoy: expected an answer of its admin endpoint, got none.")
        return f"cluster.http_a.upstream_rq_active: {answer}\ncluster.grpc_a.upstream_rq_active: 0\n"

    def pause(self, seconds):
        pass


def drained(responses, drain_s):
    session = SimpleNamespace(checks=responses, layout=NodeLayout("/r"), timeouts=Timeouts(drain_s=drain_s))
    settings = ProxySettings("127.0.0.1", Ports(), "process", "envoy")
    return Proxy(session, NodeState(proxy=settings, proxy_runs=True)).drained(a_release())


def test_draining_waits_for_the_last_request_despite_a_missing_response():
    responses = Responses(1, None, 1, 0)
    assert drained(responses, drain_s=30)
    assert responses.left == [0]


@pytest.mark.parametrize("answer", [2, None])
def test_draining_ends_at_its_timeout(answer):
    assert not drained(Responses(answer), drain_s=0.1)
