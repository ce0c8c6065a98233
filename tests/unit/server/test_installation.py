import os
import sys

import pytest

from tritone.errors import InstallationError
from tritone.server.environment import server_environment
from tritone.server.installation import (
    IMPORT_FOLDER,
    Installation,
    build_backend_directory,
    find_installation,
)


@pytest.fixture
def native(tmp_path, monkeypatch):
    """A tritonserver on PATH with its own backends, as NVIDIA's container has it."""
    binary = tmp_path / "opt/tritonserver/bin/tritonserver"
    binary.parent.mkdir(parents=True)
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    library = binary.parent.parent / "backends/onnxruntime/libtriton_onnxruntime.so"
    library.parent.mkdir(parents=True)
    library.touch()
    (binary.parent.parent / "backends/python").mkdir()
    monkeypatch.setenv("PATH", f"{binary.parent}{os.pathsep}{os.environ['PATH']}")
    return binary


def test_server_on_path_comes_first_and_keeps_its_native_backends(native, tmp_path):
    installation = find_installation("auto")
    assert installation.binary == native
    assert build_backend_directory(installation, tmp_path / "built") == native.parent.parent / "backends"
    assert not (tmp_path / "built").exists()


def test_a_native_stub_for_another_python_is_rejected(native, tmp_path):
    stub = native.parent.parent / "backends/python/triton_python_backend_stub"
    stub.write_bytes(b"\x7fELF\0libpython3.7.so.1.0\0")
    with pytest.raises(InstallationError, match=r"for this Python 3\.\d+, got one for 3\.7"):
        build_backend_directory(find_installation("auto"), tmp_path / "built")
    stub.write_bytes(b"\x7fELF\0libpython%d.%d.so.1.0\0" % sys.version_info[:2])
    assert build_backend_directory(find_installation("auto"), tmp_path / "built") == stub.parent.parent


def test_native_server_keeps_the_containers_libraries_and_adds_this_environment(native):
    base = {"LD_LIBRARY_PATH": "/usr/local/cuda/compat/lib", "PATH": f"{native.parent}:/usr/bin"}
    environment = server_environment(base, find_installation("auto"))
    assert environment["LD_LIBRARY_PATH"] == "/usr/local/cuda/compat/lib"
    assert environment["PATH"].split(os.pathsep)[1:] == [str(native.parent), "/usr/bin"]
    assert os.path.samefile(environment["PYTHONPATH"].split(os.pathsep)[0], IMPORT_FOLDER)


def test_the_wheel_can_be_chosen_although_a_server_is_on_path(native):
    assert find_installation("wheel").binary != native


def test_a_server_without_an_onnx_backend_gets_the_stand_in(native, tmp_path):
    (native.parent.parent / "backends/onnxruntime/libtriton_onnxruntime.so").unlink()
    built = build_backend_directory(find_installation("path"), tmp_path / "built")
    assert (built / "onnxruntime/model.py").is_file()
    assert (built / "python").is_dir()


def test_wheel_gives_a_complete_backend_directory(tmp_path):
    built = build_backend_directory(find_installation("wheel"), tmp_path / "built")
    for part in ("python/libtriton_python.so", "python/triton_python_backend_stub", "onnxruntime/model.py"):
        assert (built / part).is_file()
        assert not (built / part).is_symlink()  # Triton refuses links out of the directory


@pytest.mark.parametrize("choice", ["/no/such/tritonserver", "/etc/passwd"])
def test_a_path_that_is_not_executable_is_rejected(choice):
    with pytest.raises(InstallationError, match="executable"):
        find_installation(choice)


def test_a_missing_server_on_path_is_rejected(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InstallationError, match="PATH"):
        find_installation("path")


def test_a_python_without_a_stub_gets_the_supported_versions(tmp_path):
    for version in ("2.7", "3.4"):
        (tmp_path / version).mkdir()
    with pytest.raises(InstallationError, match=r"Python 2\.7, 3\.4, got Python"):
        Installation(tmp_path, tmp_path, tmp_path, ()).stub()


def test_stubs_find_this_environment_first_on_path():
    environment = server_environment({"PATH": "/usr/bin"}, find_installation("wheel"))
    first = environment["PATH"].split(os.pathsep)[0]
    assert os.path.samefile(os.path.join(first, ".."), sys.prefix)
    assert "nvidia_pytriton.libs" in environment["LD_LIBRARY_PATH"]


def test_server_started_over_ssh_does_not_let_bash_read_its_login_files():
    """Bash reads ~/.bashrc where it finds SSH_CLIENT, and Triton starts its stubs with bash."""
    environment = server_environment({"SSH_CLIENT": "192.0.2.1 1 22"}, find_installation("wheel"))
    assert "SSH_CLIENT" not in environment


def test_library_path_of_the_caller_is_kept():
    environment = server_environment({"LD_LIBRARY_PATH": "/mine"}, find_installation("wheel"))
    assert environment["LD_LIBRARY_PATH"].endswith(":/mine")
