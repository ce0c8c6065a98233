"""tools/environment.py, as far as nothing is installed."""

import sys

import pytest

from tools import environment


@pytest.mark.parametrize("arguments", [[], ["server"], ["serve", "folder"], ["node"]])
def test_wrong_kind_is_told_what_there_is(arguments):
    with pytest.raises(
        SystemExit, match=r"expected serve, cpu, gpu, perf, .* or front-door with a folder, got"
    ):
        environment.main(arguments)


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """The commands that would be run for environments under a folder of our own."""
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


def test_the_build_for_cuda_takes_the_place_of_the_other_and_back(tmp_path, commands):
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


def test_an_installation_of_the_build_for_cuda_that_fails_is_mended_by_the_next_command(
    commands, monkeypatch
):
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


def test_the_build_for_processors_comes_back_where_that_is_asked_for(tmp_path, commands):
    environment.gpu()
    commands.clear()
    environment.cpu()
    assert commands[0].endswith("onnxruntime-gpu onnxruntime nvidia-cublas")
    assert any("requirements/dev.txt" in command for command in commands)
    commands.clear()
    environment.cpu()
    assert commands == []


def test_an_environment_too_old_for_cuda_stays_as_it_is(commands, monkeypatch):
    environment.serve()
    commands.clear()
    monkeypatch.setattr(environment, "_version_of", lambda python: (3, 10))
    with pytest.raises(SystemExit, match=r"needs Python 3.11 or 3.12, .venv has 3.10; make it again"):
        environment.gpu()
    assert commands == []


def test_environment_whose_making_was_interrupted_is_made_again(tmp_path):
    source = tmp_path / "lock.txt"
    source.write_text("")
    folder = tmp_path / "made"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to(sys.executable)  # pip would have come next
    environment._environment(folder, [source], [], lambda: sys.executable)
    assert (folder / "bin/pip").exists()
    assert (folder / ".stamp").is_file()
