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
    """A process that starts model processes, and does not ask how they end, as tritonserver does."""
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
    pytest.fail("it did not come to that")


def kill(pid):
    subprocess.run(["kill", "-9", str(pid)], check=True)
    wait_until(lambda: (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z")


def pid_of(parent, model):
    return next(pid for pid, name in processes_of(parent.pid).items() if name == model)


def test_a_killed_process_is_found_at_the_second_look_and_once(parent):
    processes = ModelProcesses(parent.pid)
    assert processes.killed() == []
    kill(pid_of(parent, "asr_windows"))
    assert [processes.killed() for _ in range(4)] == [[], ["asr_windows"], [], []]
    kill(pid_of(parent, "asr_quartznet"))
    assert [processes.killed() for _ in range(3)] == [[], ["asr_quartznet"], []]


def test_a_process_that_has_lost_its_name_before_it_has_ended_is_found(monkeypatch):
    """Giving back the memory of a large model takes a while."""
    looks = [
        ([Process(7, ended=False)], "asr_windows"),
        ([Process(7, ended=False)], None),
        *[([Process(7, ended=True)], None)] * 3,
    ]
    processes, found = ModelProcesses(1), []
    for children, name in looks:
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


def test_a_process_that_goes_on_between_two_looks_is_left_alone(parent):
    processes, paused = ModelProcesses(parent.pid), pid_of(parent, "asr_windows")
    for _ in range(3):
        os.kill(paused, signal.SIGSTOP)
        wait_until(lambda: any(child.stopped for child in model_processes._children(parent.pid)))
        assert processes.kill_stopped() == []
        os.kill(paused, signal.SIGCONT)
        wait_until(lambda: not any(child.stopped for child in model_processes._children(parent.pid)))
        assert processes.kill_stopped() == []
    assert processes.of("asr_windows") == {paused}


def test_the_end_of_a_leftover_process_is_no_death(parent):
    processes, leftover = ModelProcesses(parent.pid), pid_of(parent, "asr_windows")
    assert processes.killed() == []
    processes.kill_leftover(leftover)
    wait_until(lambda: leftover not in processes.of("asr_windows"))
    assert [processes.killed() for _ in range(3)] == [[], [], []]


def test_only_model_processes_count(parent):
    assert sorted(processes_of(parent.pid).values()) == ["asr_quartznet", "asr_windows"]


class Deaths:
    """Processes that die, freeze and stay as told."""

    def __init__(self, *looks, frozen=(), staying=()):
        self._looks, self._frozen, self._staying = list(looks), list(frozen), set(staying)
        self.leftovers = []

    def kill_stopped(self):
        frozen, self._frozen = self._frozen, []
        return frozen

    def of(self, model):
        return self._staying - set(self.leftovers)

    def kill_leftover(self, pid):
        self.leftovers.append(pid)

    def killed(self):
        return self._looks.pop(0) if self._looks else []


class Control:
    def __init__(self, error=None):
        self.replaced, self._error = [], error

    def replace(self, model):
        if self._error:
            raise self._error
        self.replaced.append(model)


def watch(processes, control, monkeypatch, part=None, looks=20):
    """Watch for so many looks; `part` is a method of the healer other than `watch`."""
    monkeypatch.setattr(healing, "PERIOD_S", 0)
    ready, said = threading.Event(), []
    ready.set()

    class Stopping:
        left = looks

        def wait(self, _):
            self.left -= 1
            return self.left < 0

        def is_set(self):
            return self.left < 0

    healer = Healer(processes, control, said.append)
    if part:
        part(healer, Stopping())
    else:
        healer.watch(ready, Stopping())
    return said


def test_each_killed_model_is_loaded_anew_and_that_is_said(monkeypatch):
    control = Control()
    said = watch(Deaths([], ["asr_windows"], ["tts_waveglow", "asr_quartznet"]), control, monkeypatch)
    assert sorted(control.replaced) == ["asr_quartznet", "asr_windows", "tts_waveglow"]
    assert sum("is loaded anew" in line for line in said) == 3


def test_a_model_that_dies_again_and_again_is_given_up(monkeypatch):
    control = Control()
    with pytest.raises(ServerError, match=f"asr_windows: {MAX_DEATHS + 1} of its processes were killed"):
        watch(Deaths(*[["asr_windows"]] * (MAX_DEATHS + 1)), control, monkeypatch)
    assert len(control.replaced) == MAX_DEATHS


def test_a_model_that_cannot_be_loaded_anew_is_given_up(monkeypatch):
    with pytest.raises(ServerError, match="no memory"):
        watch(Deaths(["asr_windows"]), Control(ServerError("no memory")), monkeypatch)


def test_without_control_the_first_death_is_the_end(monkeypatch):
    with pytest.raises(ServerError, match="asr_windows: one of its processes was killed"):
        watch(Deaths(["asr_windows"]), None, monkeypatch)


def test_a_frozen_process_is_told_of(monkeypatch):
    said = watch(Deaths(frozen=["asr_windows"]), Control(), monkeypatch, Healer.kill_frozen)
    assert [line for line in said if "asr_windows was frozen; killed it" in line] == said


def test_a_frozen_process_is_killed_while_another_model_is_being_loaded(parent):
    """By the supervisor of a server that loads for longer than a process may be frozen."""
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

    threading.Timer(1.5, kill, [killed]).start()  # after the first look
    assert Supervisor(Server(), "reload", stopping, lambda line: None).run() == 0
    assert found == [frozen]


def test_what_is_left_of_a_model_that_was_loaded_again_is_killed_once_after_its_time(monkeypatch):
    processes = Deaths(["asr_windows"], staying=[7])
    watch(processes, Control(), monkeypatch)
    assert processes.leftovers == []
    monkeypatch.setattr(healing, "LEFTOVER_S", -1)
    processes = Deaths(["asr_windows"], staying=[7])
    said = watch(processes, Control(), monkeypatch)
    assert processes.leftovers == [7]
    assert sum("left over" in line for line in said) == 1
