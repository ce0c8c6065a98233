"""The gateway beside the server, with shell scripts in its place."""

import threading
import time

import pytest

from tritone.server import crashes, gateway
from tritone.server.gateway import GatewayProcess


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """Return a function that starts a script as the gateway; the gateway, its events and its messages."""
    monkeypatch.setattr(crashes, "_PAUSES_S", (0.0,) * crashes.MAX_CRASHES)
    monkeypatch.chdir(tmp_path)
    started = []

    def start(script, *options):
        asked, ended, messages = threading.Event(), threading.Event(), []
        command = ("sh", "-c", script, "gateway")
        process = GatewayProcess("localhost:1", options, asked, ended, messages.append, command)
        process.start()
        started.append(process)
        return process, ended, messages

    yield start
    for process in started:
        process.kill()
        process.stop()


def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_gets_its_options_and_the_address_of_the_server(beside, tmp_path):
    beside('echo "$@" > options; sleep 60', "--gateway-port", "0")
    until(lambda: (tmp_path / "options").exists() and (tmp_path / "options").read_text())
    assert (tmp_path / "options").read_text() == "--gateway-port 0 --triton-url localhost:1\n"


def test_stop_lets_it_finish_before_the_server_is_stopped(beside, tmp_path):
    process, ended, _ = beside(
        "trap 'sleep 0.3; touch finished; exit 0' TERM; touch up; while :; do sleep 0.05; done"
    )
    until((tmp_path / "up").exists)
    assert not ended.is_set()
    process.stop()
    assert (tmp_path / "finished").exists()
    assert ended.is_set()
    assert not process.failed


def test_crash_is_followed_by_a_restart_until_there_are_too_many(beside, tmp_path):
    process, ended, messages = beside("echo >> starts; kill -SEGV $$")
    assert ended.wait(20)
    assert process.failed
    assert len((tmp_path / "starts").read_text().splitlines()) == crashes.MAX_CRASHES + 1
    assert messages[0] == "gateway: ended with SIGSEGV, running requests are lost; restarting it"
    assert f"gateway: {crashes.MAX_CRASHES + 1} crashes within" in messages[-1]


def test_wrong_settings_end_it_at_once(beside):
    process, ended, messages = beside("exit 1")
    assert ended.wait(10)
    assert process.failed
    assert messages == ["gateway: ended with code 1; the reason is above."]


def test_failure_after_it_has_served_is_taken_for_a_crash(beside, tmp_path, monkeypatch):
    monkeypatch.setattr(gateway, "_START_S", 0.0)
    process, ended, messages = beside("test -f once && exec sleep 60; touch once; exit 1")
    until(lambda: messages)
    assert "restarting it" in messages[0]
    assert not ended.is_set()
    assert not process.failed


def test_missing_package_is_named_with_the_remedy(beside, monkeypatch):
    monkeypatch.setattr(gateway.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(gateway.StartupError, match="expected the package tritone-gateway"):
        beside("true")
