"""Parsing of what a node, ssh, rsync and a server's log print."""

from __future__ import annotations

import pytest

from deploy.activation import log_excerpt
from deploy.connection import connection_failure
from deploy.errors import (
    DiskFullError,
    HostKeyError,
    LoginError,
    MissingToolError,
    UnreachableError,
    UsageError,
)
from deploy.facts import parse_facts
from deploy.release import inner_ports
from deploy.runtimes import choose_runtime
from deploy.state import parse_state, to_json
from deploy.tree import transfer_summary
from tritone.server import Ports

from .releases import a_release

FACTS = """ids 1000:1001
system Linux x86_64
tool rsync
tool flock
docker 27.3.1
gpu NVIDIA H200
root /home/speech/tritone
free 2000000
listening 0100007F:1F40
listening 00000000000000000000000000000000:0016
"""


def test_facts_are_parsed():
    facts = parse_facts(FACTS)
    assert facts.root == "/home/speech/tritone"
    assert facts.ids == "1000:1001"
    assert facts.gpus == ("NVIDIA H200",)
    assert facts.free_bytes == 2000000 * 1024
    assert facts.listening == {8000, 22}
    assert facts.docker == "27.3.1"


def test_missing_tool_is_reported_with_its_package():
    with pytest.raises(
        MissingToolError, match=r"setsid: expected it on the node.*apt-get install util-linux"
    ):
        parse_facts(FACTS).require("rsync", "setsid")


def test_other_systems_are_refused():
    with pytest.raises(UsageError, match="expected Linux on x86_64, got Linux aarch64"):
        parse_facts(FACTS.replace("x86_64", "aarch64"))


def test_release_larger_than_the_free_space_is_refused():
    facts = parse_facts(FACTS.replace("free 2000000", "free 300000"))
    facts.require_space(50_000_000)
    with pytest.raises(DiskFullError, match="expected 400 MB free on the node, got 307 MB"):
        facts.require_space(200_000_000)


@pytest.mark.parametrize(
    ("wanted", "docker", "chosen"),
    [
        ("auto", "docker 27", "container"),
        ("auto", "", "process"),
        ("process", "docker 27", "process"),
        ("process", "docker denied", "process"),
        ("container", "docker 27", "container"),
    ],
)
def test_containers_are_the_default_with_docker(wanted, docker, chosen):
    assert choose_runtime(wanted, parse_facts(FACTS.replace("docker 27.3.1", docker))).name == chosen


@pytest.mark.parametrize(
    ("wanted", "docker"), [("container", ""), ("container", "docker denied"), ("auto", "docker denied")]
)
def test_unusable_docker_is_an_error_with_a_remedy(wanted, docker):
    with pytest.raises(MissingToolError, match="--runtime process"):
        choose_runtime(wanted, parse_facts(FACTS.replace("docker 27.3.1", docker)))


def test_ports_in_use_are_skipped():
    assert inner_ports(18000, set()) == Ports(18000, 18001, 18002)
    assert inner_ports(18000, {18001, 18005}) == Ports(18006, 18007, 18008)
    with pytest.raises(UsageError, match="expected three free ports from 18000"):
        inner_ports(18000, set(range(18000, 19000)))


def record(name, **changes):
    return to_json(a_release(name, **changes)).replace("\n", "")


def test_state_is_parsed():
    state = parse_state(
        f"""now 1000
current b
previous a
proxy {{"address": "::", "ports": {{"http": 1, "grpc": 2, "metrics": 3}}, "runtime": "r", "envoy": "/e"}}
proxy-runs
environment node-1
release {record("b")}
running b 900 1
engines b 5
release {record("a", outcome="failed: smoke test")}
engines a 0
"""
    )
    assert [found.release.id for found in state.releases] == ["a", "b"]
    assert (state.current, state.previous, state.proxy_runs) == ("b", "a", True)
    found = state.find("b")
    assert (found.runs, found.started_s, found.restarts, found.engines) == (True, 900, 1, 5)
    assert not state.find("a").runs
    assert state.proxy.ports == Ports(1, 2, 3)
    assert state.environments == ("node-1",)


def test_new_node_has_no_state():
    state = parse_state("")
    assert (state.releases, state.current, state.proxy) == ((), None, None)


@pytest.mark.parametrize(
    ("complaints", "error", "remedy"),
    [
        (
            "@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@\nHost key verification failed.",
            HostKeyError,
            "ssh-keygen -R",
        ),
        ("Host key verification failed.", HostKeyError, "connect once by hand"),
        ("user@node: Permission denied (publickey).", LoginError, "ssh-copy-id"),
        ("ssh: Could not resolve hostname nod: Name or service not known", UnreachableError, "check HOST="),
        ("ssh: connect to host node port 22: Connection refused", UnreachableError, "SSH_ARGS='-p PORT'"),
        ("ssh: connect to host node port 22: Connection timed out", UnreachableError, "firewalls"),
        ("something new", UnreachableError, "something new"),
        ("", UnreachableError, "ssh gave no reason"),
    ],
)
def test_message_of_ssh_becomes_an_error_with_a_remedy(complaints, error, remedy):
    found = connection_failure("user@node", complaints)
    assert type(found) is error
    assert "user@node" in str(found)
    assert remedy in str(found)


def test_statistics_of_rsync_are_summarised():
    statistics = """
Number of files: 1,265 (reg: 1,100, dir: 165)
Number of created files: 3
Number of regular files transferred: 2
Total file size: 34,600,000 bytes
Literal data: 1,500,000 bytes
"""
    assert transfer_summary(statistics) == "2 of 1100 files sent, 1.5 MB"
    assert transfer_summary("another rsync") == "copied"


def test_log_excerpt_is_the_last_message_of_the_launcher():
    log = "I1120 loading\ntritone: ready. gRPC 1\ntritone: tritonserver ended with code 1.\nno such graph\n"
    assert log_excerpt(log) == "tritone: tritonserver ended with code 1.\nno such graph"


def test_log_excerpt_omits_messages_that_are_normal_without_a_gpu():
    harmless = 'E1120 12:00:00.0 1 metrics.cc:1] "no CUDA-capable device"'
    log = f'{harmless}\nE1120 12:00:01.0 1 model.cc:1] "broken"\nI1120 x'
    assert log_excerpt(log) == 'E1120 12:00:01.0 1 model.cc:1] "broken"'


def test_log_excerpt_without_errors_is_its_end():
    assert log_excerpt("\n".join(map(str, range(100)))).splitlines()[-1] == "99"
