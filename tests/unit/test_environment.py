"""tools/environment.py, without installing anything."""

import sys

import pytest

from tools import environment


@pytest.mark.parametrize("arguments", [[], ["server"], ["serve", "folder"], ["node"]])
def test_unknown_kind_is_refused_with_the_list_of_kinds(arguments):
    with pytest.raises(
        SystemExit, match=r"expected serve, cpu, gpu, perf, .* or front-door with a folder, got"
    ):
        environment.main(arguments)


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """The commands that would be run for environments under a temporary folder."""
    run = []
    for folder in (tmp_path / ".venv/bin", tmp_path / "requirements", tmp_path / "clients"):
        folder.mkdir(parents=True)
    for name in ("python", "pip"):
        (tmp_path / ".venv/bin" / name).touch()
    sources = ["requirements/dev.txt", "requirements/triton.txt", "requirements/gpu.txt"]
    for name in [*sources, "pyproject.toml", "clients/pyproject.toml"]:
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "_run", lambda command: run.append(" ".join(command[3:])))
    (tmp_path / "requirements/gpu.txt").write_text(
        "nvidia-cublas==13 ; python\n    --hash\nonnxruntime-gpu==1\n"
    )
    monkeypatch.setattr(environment, "_version_of", lambda python: (3, 11))
    return run


def test_cuda_build_replaces_the_cpu_build_until_the_locks_change(tmp_path, commands):
    environment.gpu()
    assert any("requirements/dev.txt" in command for command in commands)
    removed = next(index for index, command in enumerate(commands) if "uninstall" in command)
    assert commands[removed].endswith("onnxruntime")
    assert "requirements/gpu.txt" in commands[removed + 1]
    commands.clear()
    environment.gpu()
    environment.serve()
    assert commands == []
    (tmp_path / "requirements/dev.txt").write_text("newer")
    environment.serve()
    assert commands[0].startswith("uninstall")
    assert "onnxruntime-gpu" in commands[0]
    assert not (tmp_path / ".venv/.stamp-gpu").exists()


def test_failed_installation_of_the_cuda_build_is_repaired_by_the_next_command(commands, monkeypatch):
    environment.serve()

    def fail(command):
        if "requirements/gpu.txt" in " ".join(command):
            raise SystemExit("no network")
        commands.append(" ".join(command[3:]))

    working = environment._run
    monkeypatch.setattr(environment, "_run", fail)
    with pytest.raises(SystemExit, match="no network"):
        environment.gpu()
    monkeypatch.setattr(environment, "_run", working)
    commands.clear()
    environment.serve()
    assert commands[0].startswith("uninstall")
    assert any("requirements/dev.txt" in command for command in commands)


def test_cpu_build_is_restored_on_request(tmp_path, commands):
    environment.gpu()
    commands.clear()
    environment.cpu()
    assert commands[0].endswith("onnxruntime-gpu onnxruntime nvidia-cublas")
    assert any("requirements/dev.txt" in command for command in commands)
    commands.clear()
    environment.cpu()
    assert commands == []


def test_environment_with_a_python_too_old_for_cuda_is_not_changed(commands, monkeypatch):
    environment.serve()
    commands.clear()
    monkeypatch.setattr(environment, "_version_of", lambda python: (3, 10))
    with pytest.raises(SystemExit, match=r"needs Python 3.11 or 3.12, .venv has 3.10; recreate it"):
        environment.gpu()
    assert commands == []


def test_environment_whose_creation_was_interrupted_is_recreated(tmp_path):
    source = tmp_path / "lock.txt"
    source.write_text("")
    folder = tmp_path / "made"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to(sys.executable)  # pip would have come next
    environment._environment(folder, [source], [], lambda: sys.executable)
    assert (folder / "bin/pip").exists()
    assert (folder / ".stamp").is_file()
