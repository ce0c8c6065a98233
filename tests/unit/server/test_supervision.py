"""After which exits the server is restarted."""

import signal
import threading

import pytest

from tritone.errors import ServerError, StartupError
from tritone.server import crashes
from tritone.server.crashes import MAX_CRASHES
from tritone.server.supervision import Supervisor

CRASH = -signal.SIGFPE


class Process:
    pid = 0

    def __init__(self, code, becomes_ready):
        self._code = code
        self.decided = threading.Event()  # whether it became ready
        self.becomes_ready = becomes_ready

    def poll(self):
        return self._code if self.decided.is_set() else None


class Server:
    """Ends each time as configured: exit code, and whether all models were ready before."""

    grpc_url = http_url = metrics_url = "127.0.0.1:0"

    def __init__(self, *endings):
        self._endings = list(endings)
        self.starts = 0

    def notice(self):
        return None

    def start(self):
        self.starts += 1
        self.process = Process(*self._endings.pop(0))

    start_again = start

    def wait_ready(self, timeout_s):
        process = self.process
        try:
            if not process.becomes_ready:
                raise StartupError("it ended")
        finally:
            process.decided.set()

    def failure_report(self):
        return "the reasons"


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(crashes, "_PAUSES_S", (0.0,) * MAX_CRASHES)
    return lambda server: Supervisor(server, "leave", threading.Event(), lambda line: None).run()


def test_a_crash_while_serving_is_followed_by_a_restart_and_a_normal_exit_is_not(run):
    server = Server((CRASH, True), (CRASH, True), (3, True))
    with pytest.raises(ServerError, match="ended with code 3"):
        run(server)
    assert server.starts == 3


def test_a_crash_at_the_first_start_is_not_followed_by_a_restart(run):
    server = Server((CRASH, False))
    with pytest.raises(ServerError, match=r"ended with SIGFPE\.\nthe reasons"):
        run(server)
    assert server.starts == 1


def test_crashes_of_a_restarted_server_before_it_is_found_ready_are_counted_like_others(run):
    server = Server((CRASH, True), *[(CRASH, False)] * MAX_CRASHES)
    with pytest.raises(ServerError, match=f"{MAX_CRASHES + 1} crashes within .* SIGFPE"):
        run(server)
    assert server.starts == MAX_CRASHES + 1
