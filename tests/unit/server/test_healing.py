import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tritone.errors import ServerError
from tritone.server import healing, model_processes
from tritone.server.healing import MAX_DEATHS, Healer
from tritone.server.model_processes import ModelProcesses, Process, processes_of
from tritone.server.supervision import Supervisor


@pytest.fixture
def parent(tmp_path):
    """A process that starts model processes and does not reap them, like tritonserver."""
    for model in ("asr_windows", "asr_quartznet"):
        folder = tmp_path / model / "1"
        folder.mkdir(parents=True)
        (folder / "model.py").write_text("import time\ntime.sleep(60)\n")
    command = "['triton_python_backend_stub', sys.argv[1] + '/%s/1/model.py']"
    starts = f"subprocess.Popen({command}, executable=sys.executable)"
    code = "\n".join(
        ["import subprocess, sys, time"]
        + [f"x{index} = {starts % model}" for index, model in enumerate(("asr_windows", "asr_quartznet"))]
        + ["y = subprocess.Popen(['sleep', '60'])", "print('started', flush=True)", "time.sleep(60)"]
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    wait_until(lambda: len(processes_of(process.pid)) == 2)
    yield process
    for pid in processes_of(process.pid):
        subprocess.run(["kill", "-9", str(pid)], check=False)
    process.kill()
    process.wait()


def wait_until(condition):
    for _ in range(500):
        if condition():
            return
        threading.Event().wait(0.02)
    pytest.fail("the condition did not become true")


def kill(pid):
    subprocess.run(["kill", "-9", str(pid)], check=True)
    wait_until(lambda: (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z")


def pid_of(parent, model):
    return next(pid for pid, name in processes_of(parent.pid).items() if name == model)


def test_a_killed_process_is_reported_once_at_the_second_poll(parent):
    processes = ModelProcesses(parent.pid)
    assert processes.killed() == []
    kill(pid_of(parent, "asr_windows"))
    assert [processes.killed() for _ in range(4)] == [[], ["asr_windows"], [], []]
    kill(pid_of(parent, "asr_quartznet"))
    assert [processes.killed() for _ in range(3)] == [[], ["asr_quartznet"], []]


def test_a_process_that_loses_its_name_before_it_ends_is_found(monkeypatch):
    """Freeing the memory of a large model takes a while."""
    polls = [
        ([Process(7, ended=False)], "asr_windows"),
        ([Process(7, ended=False)], None),
        *[([Process(7, ended=True)], None)] * 3,
    ]
    processes, found = ModelProcesses(1), []
    for children, name in polls:
        monkeypatch.setattr(model_processes, "_children", lambda server, children=children: children)
        monkeypatch.setattr(model_processes, "model_of", lambda pid, name=name: name)
        found.append(processes.killed())
    assert found == [[], [], [], ["asr_windows"], []]


def test_a_process_that_stays_stopped_is_killed_and_then_found_dead(parent):
    processes, frozen = ModelProcesses(parent.pid), pid_of(parent, "asr_windows")
    assert (processes.killed(), processes.kill_stopped()) == ([], [])
    os.kill(frozen, signal.SIGSTOP)
    wait_until(lambda: any(child.stopped for child in model_processes._children(parent.pid)))
    assert [processes.kill_stopped() for _ in range(2)] == [[], ["asr_windows"]]
    wait_until(lambda: frozen not in processes.of("asr_windows"))
    wait_until(lambda: processes.killed() == ["asr_windows"])


def test_a_process_that_continues_between_two_polls_is_not_killed(parent):
    processes, paused = ModelProcesses(parent.pid), pid_of(parent, "asr_windows")
    for _ in range(3):
        os.kill(paused, signal.SIGSTOP)
        wait_until(lambda: any(child.stopped for child in model_processes._children(parent.pid)))
        assert processes.kill_stopped() == []
        os.kill(paused, signal.SIGCONT)
        wait_until(lambda: not any(child.stopped for child in model_processes._children(parent.pid)))
        assert processes.kill_stopped() == []
    assert processes.of("asr_windows") == {paused}


def test_the_end_of_a_leftover_process_is_not_reported(parent):
    processes, leftover = ModelProcesses(parent.pid), pid_of(parent, "asr_windows")
    assert processes.killed() == []
    processes.kill_leftover(leftover)
    wait_until(lambda: leftover not in processes.of("asr_windows"))
    assert [processes.killed() for _ in range(3)] == [[], [], []]


def test_only_model_processes_count(parent):
    assert sorted(processes_of(parent.pid).values()) == ["asr_quartznet", "asr_windows"]


class Deaths:
    """Processes that die, freeze and remain as configured."""

    def __init__(self, *polls, frozen=(), staying=()):
        self._polls, self._frozen, self._staying = list(polls), list(frozen), set(staying)
        self.leftovers = []

    def kill_stopped(self):
        frozen, self._frozen = self._frozen, []
        return frozen

    def of(self, model):
        return self._staying - set(self.leftovers)

    def kill_leftover(self, pid):
        self.leftovers.append(pid)

    def killed(self):
        return self._polls.pop(0) if self._polls else []


class Control:
    def __init__(self, error=None):
        self.replaced, self._error = [], error

    def replace(self, model):
        if self._error:
            raise self._error
        self.replaced.append(model)


def watch(processes, control, monkeypatch, part=None, polls=20):
    """Watch for a number of polls; `part` is a method of the healer other than `watch`."""
    monkeypatch.setattr(healing, "PERIOD_S", 0)
    ready, reports = threading.Event(), []
    ready.set()

    class Stopping:
        left = polls

        def wait(self, _):
            self.left -= 1
            return self.left < 0

        def is_set(self):
            return self.left < 0

    healer = Healer(processes, control, reports.append)
    if part:
        part(healer, Stopping())
    else:
        healer.watch(ready, Stopping())
    return reports


def test_each_killed_model_is_loaded_again_and_reported(monkeypatch):
    control = Control()
    reports = watch(Deaths([], ["asr_windows"], ["tts_waveglow", "asr_quartznet"]), control, monkeypatch)
    assert sorted(control.replaced) == ["asr_quartznet", "asr_windows", "tts_waveglow"]
    assert sum("is loaded again" in line for line in reports) == 3


def test_a_model_that_keeps_dying_ends_the_server(monkeypatch):
    control = Control()
    with pytest.raises(ServerError, match=f"asr_windows: {MAX_DEATHS + 1} of its processes were killed"):
        watch(Deaths(*[["asr_windows"]] * (MAX_DEATHS + 1)), control, monkeypatch)
    assert len(control.replaced) == MAX_DEATHS


def test_a_model_that_cannot_be_loaded_again_ends_the_server(monkeypatch):
    with pytest.raises(ServerError, match="no memory"):
        watch(Deaths(["asr_windows"]), Control(ServerError("no memory")), monkeypatch)


def test_without_control_the_first_death_ends_the_server(monkeypatch):
    with pytest.raises(ServerError, match="asr_windows: one of its processes was killed"):
        watch(Deaths(["asr_windows"]), None, monkeypatch)


def test_a_frozen_process_is_reported(monkeypatch):
    reports = watch(Deaths(frozen=["asr_windows"]), Control(), monkeypatch, Healer.kill_frozen)
    assert [line for line in reports if "asr_windows was frozen; killed it" in line] == reports


def test_a_frozen_process_is_killed_while_another_model_is_being_loaded(parent):
    """The load takes longer than a process may be frozen."""
    killed, frozen = pid_of(parent, "asr_windows"), pid_of(parent, "asr_quartznet")
    stopping, found = threading.Event(), []

    class Server:
        process = parent
        grpc_url = http_url = metrics_url = ""

        class control:  # noqa: N801
            @staticmethod
            def replace(model):
                os.kill(frozen, signal.SIGSTOP)
                for _ in range(500):
                    if frozen not in processes_of(parent.pid):
                        found.append(frozen)
                        break
                    threading.Event().wait(0.02)
                stopping.set()

        def notice(self): ...

        def start(self): ...

        def wait_ready(self, timeout_s): ...

        def stop(self):
            return 0

    threading.Timer(1.5, kill, [killed]).start()  # after the first poll
    assert Supervisor(Server(), "reload", stopping, lambda line: None).run() == 0
    assert found == [frozen]


def test_a_leftover_process_is_killed_once_after_its_time(monkeypatch):
    processes = Deaths(["asr_windows"], staying=[7])
    watch(processes, Control(), monkeypatch)
    assert processes.leftovers == []
    monkeypatch.setattr(healing, "LEFTOVER_S", -1)
    processes = Deaths(["asr_windows"], staying=[7])
    reports = watch(processes, Control(), monkeypatch)
    assert processes.leftovers == [7]
    assert sum("remained after" in line for line in reports) == 1
