import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tritone.errors import ServerError
from tritone.server import healing, model_processes
from tritone.server.healing import MOST_DEATHS, Healer
from tritone.server.model_processes import ModelProcesses, Process, processes_of


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


def test_only_model_processes_count(parent):
    assert sorted(processes_of(parent.pid).values()) == ["asr_quartznet", "asr_windows"]


class Deaths:
    """Processes that die as told."""

    def __init__(self, *looks):
        self._looks = list(looks)

    def killed(self):
        return self._looks.pop(0) if self._looks else []


class Control:
    def __init__(self, error=None):
        self.replaced, self._error = [], error

    def replace(self, model):
        if self._error:
            raise self._error
        self.replaced.append(model)


def watch(processes, control, monkeypatch, looks=20):
    """Watch for so many looks."""
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

    Healer(processes, control, said.append).watch(ready, Stopping())
    return said


def test_each_killed_model_is_loaded_anew_and_that_is_said(monkeypatch):
    control = Control()
    said = watch(Deaths([], ["asr_windows"], ["tts_waveglow", "asr_quartznet"]), control, monkeypatch)
    assert sorted(control.replaced) == ["asr_quartznet", "asr_windows", "tts_waveglow"]
    assert sum("is loaded anew" in line for line in said) == 3


def test_a_model_that_dies_again_and_again_is_given_up(monkeypatch):
    control = Control()
    with pytest.raises(ServerError, match=f"asr_windows: {MOST_DEATHS + 1} of its processes were killed"):
        watch(Deaths(*[["asr_windows"]] * (MOST_DEATHS + 1)), control, monkeypatch)
    assert len(control.replaced) == MOST_DEATHS


def test_a_model_that_cannot_be_loaded_anew_is_given_up(monkeypatch):
    with pytest.raises(ServerError, match="no memory"):
        watch(Deaths(["asr_windows"]), Control(ServerError("no memory")), monkeypatch)


def test_without_control_the_first_death_is_the_end(monkeypatch):
    with pytest.raises(ServerError, match="asr_windows: one of its processes was killed"):
        watch(Deaths(["asr_windows"]), None, monkeypatch)
